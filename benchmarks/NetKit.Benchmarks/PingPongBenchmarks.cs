using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Echo ping-pong of 64 B over loopback TCP; one operation is one round trip. For ratios to quote: the pingpong mode.</summary>
[MemoryDiagnoser]
public class PingPongBenchmarks
{
    private const int Messages = 8192;

    private PingPongField _field = null!;

    [Params(1, 64)]
    public int Connections { get; set; }

    [GlobalSetup(Target = nameof(Socket))]
    public void SetUpSocket() => _field = new PingPongField(Ways.Socket, Connections);

    [GlobalSetup(Target = nameof(NetworkStream))]
    public void SetUpNetworkStream() => _field = new PingPongField(Ways.NetworkStream, Connections);

    [GlobalSetup(Target = nameof(Connection))]
    public void SetUpConnection() => _field = new PingPongField(Ways.Connection, Connections);

    [GlobalSetup(Target = nameof(ConnectionWithDeadlines))]
    public void SetUpConnectionWithDeadlines() => _field = new PingPongField(Ways.ConnectionWithDeadlines, Connections);

    [GlobalCleanup]
    public void CleanUp() => _field.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Messages)]
    public Task Socket() => _field.RunAsync(Messages);

    [Benchmark(OperationsPerInvoke = Messages)]
    public Task NetworkStream() => _field.RunAsync(Messages);

    [Benchmark(OperationsPerInvoke = Messages)]
    public Task Connection() => _field.RunAsync(Messages);

    [Benchmark(OperationsPerInvoke = Messages)]
    public Task ConnectionWithDeadlines() => _field.RunAsync(Messages);
}
