namespace NetKit;

/// <summary>Rings when a pool has something due: the first waiter, the oldest idle connection, the next dial. One for each pool, on the wheel of all deadlines.</summary>
internal sealed class PoolTimer : DeadlineEntry
{
    private readonly ConnectionPool _pool;

    public PoolTimer(ConnectionPool pool, TimeProvider? timeProvider)
        : base(DeadlineScheduler.For(timeProvider)) => _pool = pool;

    // With nothing due, the deadline is none, and the wheel does not know the pool.
    internal override bool IsAwaited => true;

    internal override void OnDue() => _pool.OnTimer();
}
