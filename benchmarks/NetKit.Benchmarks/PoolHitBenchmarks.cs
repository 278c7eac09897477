using System.Net;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>What a pool costs when a connection is idle: acquire and return, with nobody else there.</summary>
[MemoryDiagnoser]
public class PoolHitBenchmarks : IAsyncDisposable
{
    private readonly (System.Net.Sockets.Socket Client, System.Net.Sockets.Socket Server) _pair = Loopback.CreatePair();
    private ConnectionPool _pool = null!;

    [GlobalSetup]
    public async Task Open()
    {
        _pool = new ConnectionPool(new OneConnection(_pair.Client), new IPEndPoint(IPAddress.Loopback, 7));
        await _pool.WarmUpAsync(1);
    }

    [Benchmark(Baseline = true)]
    public bool AcquireAndReturn()
    {
        var acquired = _pool.AcquireAsync();
        if (acquired.IsCompletedSuccessfully)
        {
            acquired.Result.Return();
            return true;
        }

        throw new InvalidOperationException("The connection is idle, so nobody waits.");
    }

    [Benchmark]
    public async Task<bool> UseAsync() => await _pool.UseAsync(static (_, _) => new ValueTask<bool>(true));

    [GlobalCleanup]
    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        _pair.Server.Dispose();
        GC.SuppressFinalize(this);
    }

    private sealed class OneConnection(System.Net.Sockets.Socket socket) : IDialer
    {
        public ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken) => new(Connection.FromSocket(socket));
    }
}
