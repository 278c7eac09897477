namespace NetKit.Benchmarks;

/// <summary>A way to lend connections to callers: NetKit's pool, or what one would write oneself.</summary>
/// <typeparam name="TLease">What a caller has to give back.</typeparam>
internal abstract class PoolWay<TLease> : IAsyncDisposable
{
    /// <summary>Opens all connections.</summary>
    public abstract Task OpenAsync();

    public abstract ValueTask<TLease> AcquireAsync(CancellationToken cancellationToken);

    public abstract void Return(TLease lease);

    public abstract ValueTask DisposeAsync();
}
