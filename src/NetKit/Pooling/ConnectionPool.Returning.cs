using System.Diagnostics.Tracing;

namespace NetKit;

// The ends of leases.
public sealed partial class ConnectionPool
{
    /// <summary>Takes a connection back for the next user, if it is fit for one. The lease has ended.</summary>
    internal void Return(LeaseHandle handle)
    {
        var entry = handle.Entry;
        var state = entry.Reset();
        if (WhyUnfit(state) is { } reason)
        {
            OnUnfit(handle.PutBack(), reason);
            return;
        }

        entry.OnReturned(MonotonicClock.Recent(_clock));
        if (!TryLeaveHot(handle))
        {
            ReturnCarefully(handle);
        }
    }

    /// <summary>Closes a connection whose lease was not returned, and waits until it is closed.</summary>
    internal ValueTask DiscardAsync(LeaseHandle handle) =>
        DiscardUnreturned(handle) ? CloseAsync(handle.Entry) : ValueTask.CompletedTask;

    /// <summary>Has a connection closed whose lease was not returned.</summary>
    internal void Discard(LeaseHandle handle)
    {
        if (DiscardUnreturned(handle))
        {
            _execute(handle.Entry);
        }
    }

    /// <summary>A lease was dropped. Called by the collector, which must not be kept.</summary>
    internal void OnLeaked(PooledConnection entry) => _execute(new LeakReport(this, entry));

    /// <summary>Gives a connection up, and tells whether the caller has to close it.</summary>
    private bool DiscardUnreturned(LeaseHandle handle)
    {
        var entry = handle.PutBack();

        // Only of one that was never returned is it asked whether it was of any use at all.
        var isDead = entry.Uses == 0 && entry.Connection.CheckIdle(ask: true) == IdleState.Ended;
        var effects = default(PoolEffects);
        Enter(
            (entry, isDead),
            static (core, told, now, ref effects) => core.Discard(told.entry, PoolCloseReason.NotReturned, told.isDead, now, ref effects),
            ref effects);

        // What else is to be closed is not the caller's affair.
        var isToBeClosed = effects.TakeClosing(entry);
        CarryOut(ref effects);
        return isToBeClosed;
    }

    private static PoolCloseReason? WhyUnfit(IdleState state) => state switch
    {
        IdleState.Quiet => null,
        IdleState.Ended => PoolCloseReason.Ended,
        IdleState.Closed => PoolCloseReason.Closed,
        _ => PoolCloseReason.Poisoned,
    };

    private void OnUnfit(PooledConnection entry, PoolCloseReason reason)
    {
        if (reason == PoolCloseReason.Poisoned)
        {
            Log.ConnectionPoisoned(_logger, Where, entry.Connection.ToString());
        }

        Discard(entry, reason, isDead: false);
    }

    private bool Discard(PooledConnection entry, PoolCloseReason reason, bool isDead) => Let(
        (entry, reason, isDead),
        static (core, told, now, ref effects) => core.Discard(told.entry, told.reason, told.isDead, now, ref effects));

    private bool ReturnCarefully(LeaseHandle handle)
    {
        Let(handle.PutBack(), static (core, returned, now, ref effects) => core.Return(returned, now, ref effects));
        return true;
    }

    private sealed class LeakReport(ConnectionPool pool, PooledConnection entry) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            if (!pool.Discard(entry, PoolCloseReason.Leaked, isDead: false))
            {
                // Taken from its user before, when the pool was disposed.
                return;
            }

            NetKitMetrics.LeaseLeaked();
            if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Pools, EventLevel.Error))
            {
                NetKitEventSource.Log.LeaseLeaked(pool.Where, entry.Connection.Id);
            }

            var stack = entry.AcquiredAt?.ToString() ?? $"not traced, see {nameof(ConnectionPoolOptions)}.{nameof(ConnectionPoolOptions.TraceLeaks)}";
            Log.LeaseLeaked(pool._logger, pool.Where, entry.Connection.ToString(), stack);
        }
    }
}
