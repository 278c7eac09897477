using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;

namespace NetKit.Benchmarks;

/// <summary>Moves megabytes over loopback TCP to and from a second process; one operation is one megabyte.</summary>
[MemoryDiagnoser]
[MegabytesPerSecond]
[CategoriesColumn]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
public class BufferSizeBenchmarks
{
    private const int Megabytes = 64;
    private const long Bytes = Megabytes * 1024L * 1024;

    private BulkField _field = null!;
    private byte[] _buffer = [];

    [Params(512, 1024, 4096, 16 * 1024, 64 * 1024, 256 * 1024)]
    public int BufferSize { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _buffer = new byte[BufferSize];
        _field = new BulkField(Ways.Socket, Ways.NetworkStream, Ways.Connection);
    }

    [GlobalCleanup]
    public void CleanUp() => _field.Dispose();

    [BenchmarkCategory("Read"), Benchmark(Baseline = true, OperationsPerInvoke = Megabytes)]
    public Task<long> SocketReads() => _field.ReadAsync(Ways.Socket, _buffer, Bytes, Stopper.Never);

    [BenchmarkCategory("Read"), Benchmark(OperationsPerInvoke = Megabytes)]
    public Task<long> NetworkStreamReads() => _field.ReadAsync(Ways.NetworkStream, _buffer, Bytes, Stopper.Never);

    [BenchmarkCategory("Read"), Benchmark(OperationsPerInvoke = Megabytes)]
    public Task<long> ConnectionReads() => _field.ReadAsync(Ways.Connection, _buffer, Bytes, Stopper.Never);

    [BenchmarkCategory("Write"), Benchmark(Baseline = true, OperationsPerInvoke = Megabytes)]
    public Task<long> SocketWrites() => _field.WriteAsync(Ways.Socket, _buffer, Bytes, Stopper.Never);

    [BenchmarkCategory("Write"), Benchmark(OperationsPerInvoke = Megabytes)]
    public Task<long> NetworkStreamWrites() => _field.WriteAsync(Ways.NetworkStream, _buffer, Bytes, Stopper.Never);

    [BenchmarkCategory("Write"), Benchmark(OperationsPerInvoke = Megabytes)]
    public Task<long> ConnectionWrites() => _field.WriteAsync(Ways.Connection, _buffer, Bytes, Stopper.Never);
}
