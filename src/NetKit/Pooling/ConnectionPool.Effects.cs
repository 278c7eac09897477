using Microsoft.Extensions.Logging;

namespace NetKit;

// What the core has decided is done here, outside the lock.
public sealed partial class ConnectionPool
{
    // How long a peer has to take the end of what was sent, before a close that is polite becomes a reset.
    private static readonly TimeSpan s_politeTime = TimeSpan.FromSeconds(1);

    /// <summary>Is called when the core's time has come, on the thread of the timer.</summary>
    internal void OnTimer() => Let(0, static (core, _, now, ref effects) => core.Tick(now, ref effects));

    /// <summary>Closes a connection that the core has given up, and reports it. Never fails.</summary>
    internal async ValueTask CloseAsync(PooledConnection entry)
    {
        entry.Retire();
        try
        {
            await CloseAsync(entry.Connection, entry.Reason).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // A polite end was tried. A stranger's stream throws what it likes.
        }

        OnClosed(entry);
    }

    private async ValueTask CloseAsync(Connection connection, PoolCloseReason reason)
    {
        if (reason is PoolCloseReason.Ended or PoolCloseReason.Leaked or PoolCloseReason.Abandoned)
        {
            // Nobody is there to be polite to, or nobody knows who uses it still, or who does has had the time.
            connection.Abort();
        }

        var closing = connection.DisposeAsync();
        if (closing.IsCompleted)
        {
            await closing.ConfigureAwait(false);
            return;
        }

        var end = closing.AsTask();
        try
        {
            await end.WaitAsync(Deadline.After(s_politeTime, _clock)).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            connection.Abort();
            await end.ConfigureAwait(false);
        }
    }

    private void OnClosed(PooledConnection entry)
    {
        NetKitMetrics.PoolClosed(NameOf(entry.Reason));
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            Log.PoolClosedConnection(_logger, Where, entry.Connection.ToString(), NameOf(entry.Reason));
        }

        Let(entry, static (core, closed, now, ref effects) => core.Closed(closed, now, ref effects));
    }

    private void TellWaiters(PoolWaiter? settled)
    {
        PoolSnapshot? snapshot = null;
        var expired = 0;
        while (settled is PendingAcquire waiter)
        {
            // Read first: once told, it may serve another wait.
            settled = waiter.NextSettled;
            waiter.NextSettled = null;
            PoolSchedule.Point();
            if (waiter.State == PoolWaiterState.Granted)
            {
                var entry = (PooledConnection)waiter.Entry!;
                entry.AcquiredAt = waiter.AcquiredAt;
                waiter.Grant(entry.BeginLease());
                continue;
            }

            if (waiter.State == PoolWaiterState.Expired)
            {
                snapshot ??= TakeSnapshot();
                expired++;
            }

            waiter.Fail(snapshot);
        }

        if (expired > 0 && _logger.IsEnabled(LogLevel.Warning))
        {
            _execute(new ExhaustionReport(this, expired, snapshot!));
        }
    }

    private void TellWarmUps(PoolWarmUp? settled)
    {
        while (settled is PendingWarmUp warmUp)
        {
            settled = warmUp.NextSettled;
            warmUp.NextSettled = null;
            switch (warmUp.State)
            {
                case PoolWaiterState.Granted:
                    warmUp.Finish();
                    break;
                case PoolWaiterState.Down:
                    warmUp.Fail(Down("warm up", warmUp.Cause));
                    break;
                default:
                    warmUp.Fail(Disposed("warm up"));
                    break;
            }
        }
    }

    /// <summary>Sets the timer to what the core wants now. Of several threads the last sees what the core said last.</summary>
    private void SetTimer()
    {
        long at;
        do
        {
            at = TimerAt;
            PoolSchedule.Point();
            _timer.Deadline = Deadline.FromInstant(at, _clock);
        }
        while (at != TimerAt);
    }

    private long TimerAt
    {
        get
        {
            lock (_gate)
            {
                return _core.TimerAt;
            }
        }
    }

    private static string NameOf(PoolCloseReason reason) => reason switch
    {
        PoolCloseReason.NotReturned => "not_returned",
        PoolCloseReason.Poisoned => "poisoned",
        PoolCloseReason.Ended => "ended",
        PoolCloseReason.Closed => "closed",
        PoolCloseReason.Invalid => "invalid",
        PoolCloseReason.IdleTimeout => "idle_timeout",
        PoolCloseReason.Lifetime => "lifetime",
        PoolCloseReason.Cleared => "cleared",
        PoolCloseReason.Leaked => "leaked",
        _ => "disposed",
    };

    /// <summary>Logs away from the timer: a logger that blocks would hold up every deadline of the process.</summary>
    private sealed class ExhaustionReport(ConnectionPool pool, int callers, PoolSnapshot snapshot) : IThreadPoolWorkItem
    {
        public void Execute() => Log.PoolExhausted(pool._logger, pool.Where, callers, snapshot.Describe(pool._options));
    }
}
