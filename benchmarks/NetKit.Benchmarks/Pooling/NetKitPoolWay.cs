using System.Net;

namespace NetKit.Benchmarks;

/// <summary>NetKit's pool, with all that it does for a connection: its state is looked at, its age, its deadlines, and who waits is served in turn.</summary>
internal sealed class NetKitPoolWay(int size, TimeSpan? acquireTimeout = null, TimeProvider? clock = null) : PoolWay<ConnectionLease>
{
    private readonly ConnectionPool _pool = new(
        new MemoryDialer(),
        new IPEndPoint(IPAddress.Loopback, 7),
        new ConnectionPoolOptions { MaxConnections = size, AcquireTimeout = acquireTimeout ?? TimeSpan.FromMinutes(1) },
        timeProvider: clock);

    public override async Task OpenAsync() => await _pool.WarmUpAsync(size);

    public override ValueTask<ConnectionLease> AcquireAsync(CancellationToken cancellationToken) => _pool.AcquireAsync(cancellationToken);

    public override void Return(ConnectionLease lease) => lease.Return();

    public override ValueTask DisposeAsync() => _pool.DisposeAsync();
}
