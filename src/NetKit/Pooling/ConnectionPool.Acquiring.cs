using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace NetKit;

// Acquiring, where a look at what is idle is not enough.
public sealed partial class ConnectionPool
{
    // What a burst leaves behind beyond this is the collector's.
    private const int MostSpares = 64;

    private PendingAcquire? _spares; // guarded by _gate: objects of waits that are over
    private int _spareCount; // likewise

    /// <summary>Hands out the connection if it is good, or another, or waits for one.</summary>
    private ValueTask<ConnectionLease> AcquireCarefully(
        PooledConnection? entry, Deadline limit, StackTrace? stack, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (entry is null)
            {
                var waiter = TakeSpare();
                waiter.Begin(limit, stack);
                var outcome = Rent(waiter, out entry);
                if (outcome == PoolRent.Waiting)
                {
                    return waiter.WaitAsync(cancellationToken);
                }

                Reuse(waiter);
                if (entry is null)
                {
                    return ValueTask.FromException<ConnectionLease>(FailureOf(outcome));
                }
            }

            if (WhyUnfit(entry, out var isToBeValidated) is { } reason)
            {
                PassOver(entry, reason, isDead: reason == PoolCloseReason.Ended);
                entry = null;
                continue;
            }

            if (isToBeValidated)
            {
                return AcquireValidatedAsync(entry, limit, stack, cancellationToken);
            }

            OnAcquiredAtOnce(entry, stack);
            return new ValueTask<ConnectionLease>(entry.BeginLease());
        }
    }

    private PooledConnection? TakeIdle(long now)
    {
        PoolSchedule.Point();
        lock (_gate)
        {
            return (PooledConnection?)_core.TryTake(now);
        }
    }

    private PoolRent Rent(PendingAcquire waiter, out PooledConnection? entry)
    {
        (var outcome, var found) = Let(
            waiter,
            static (core, renting, now, ref effects) => (core.Rent(renting, now, ref effects, out var found), found));
        entry = (PooledConnection?)found;
        return outcome;
    }

    /// <summary>Tells at a glance whether a connection that was taken can be handed out; if not, another look says why.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsGood(PooledConnection entry, long now) =>
        now - entry.IdleSince < _probeAfterIdle
        && now < entry.ExpiresAt
        && entry.Generation == _core.Generation
        && entry.Connection.CheckIdle(ask: false) == IdleState.Quiet;

    /// <summary>Looks at an idle connection that was taken to be handed out; null when it can be.</summary>
    private PoolCloseReason? WhyUnfit(PooledConnection entry, out bool isToBeValidated)
    {
        var now = MonotonicClock.Recent(_clock);
        var wasLongIdle = now - entry.IdleSince >= _probeAfterIdle;
        isToBeValidated = wasLongIdle && _options.Validate is not null;
        return WhyUnfit(entry, now, entry.Connection.CheckIdle(ask: wasLongIdle));
    }

    private PoolCloseReason? WhyUnfit(PooledConnection entry, long now, IdleState state)
    {
        if (entry.Generation != _core.Generation)
        {
            return PoolCloseReason.Cleared;
        }

        if (now >= entry.ExpiresAt)
        {
            return PoolCloseReason.Lifetime;
        }

        // Some servers speak first. What nobody has used holds no answer to somebody else.
        return state == IdleState.Unread && entry.Uses == 0 ? null : WhyUnfit(state);
    }

    private async ValueTask<ConnectionLease> AcquireValidatedAsync(
        PooledConnection entry, Deadline limit, StackTrace? stack, CancellationToken cancellationToken)
    {
        PoolCloseReason? reason = PoolCloseReason.Invalid;
        var patience = OperationLimit.Start(limit.Patience, _timer.Scheduler, CancellationToken.None, cancellationToken);
        try
        {
            // Not for longer than the caller has time, even if the check does not heed its token.
            var check = _options.Validate!(entry.Connection, patience.Token);
            check = check.IsCompleted ? check : new ValueTask<bool>(check.AsTask().WaitOrAbandonAsync(patience.Token));
            if (await check.ConfigureAwait(false))
            {
                // It took a while, and may have left anything behind that a user may.
                reason = WhyUnfit(entry, MonotonicClock.Recent(_clock), entry.Reset());
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The connection is not to blame, but nobody knows what is still to come on it.
            reason = PoolCloseReason.NotReturned;
        }
        catch (Exception exception)
        {
            // A check that fails is an answer too.
            Log.ValidateFailed(_logger, Where, exception);
        }
        finally
        {
            patience.Dispose();
        }

        if (reason is null)
        {
            OnAcquiredAtOnce(entry, stack);
            return entry.BeginLease();
        }

        PassOver(entry, reason.Value, isDead: false);
        cancellationToken.ThrowIfCancellationRequested();
        if (limit.HasPassed)
        {
            // No time to look at another: it would be closed for nothing.
            throw PoolExhaustedException.InTime(_endPoint, _options, TakeSnapshot());
        }

        return await AcquireCarefully(entry: null, limit, stack, cancellationToken).ConfigureAwait(false);
    }

    private void PassOver(PooledConnection entry, PoolCloseReason reason, bool isDead)
    {
        entry.OnPassedOver();
        Discard(entry, reason, isDead);
    }

    // While the caller is still on the stack: after a check that took its time, it is not.
    private StackTrace? TraceCaller() => _options.TraceLeaks ? new StackTrace(fNeedFileInfo: true) : null;

    private static void OnAcquiredAtOnce(PooledConnection entry, StackTrace? stack)
    {
        if (stack is not null)
        {
            entry.AcquiredAt = stack;
        }

        if (NetKitMetrics.MeasuresAcquireWait)
        {
            NetKitMetrics.AcquireWaited(TimeSpan.Zero);
        }
    }

    /// <summary>A caller's token was cancelled while it waited, or a moment later.</summary>
    internal void OnCancelled(PendingAcquire waiter)
    {
        // Nothing is due by that: the coarse clock will do, which saves a third of the time.
        if (Let(waiter, static (core, cancelled, now, ref effects) => core.Cancel(cancelled, now, ref effects), MonotonicClock.Recent(_clock)))
        {
            waiter.Fail(snapshot: null);
        }
    }

    /// <summary>Why a waiter got nothing.</summary>
    internal Exception FailureOf(PoolWaiterState state, Exception? cause, PoolSnapshot? snapshot, CancellationToken token) => state switch
    {
        PoolWaiterState.Cancelled => new OperationCanceledException(token),
        PoolWaiterState.Expired => PoolExhaustedException.InTime(_endPoint, _options, snapshot ?? TakeSnapshot()),
        PoolWaiterState.Down => Down("acquire", cause),
        _ => Disposed("acquire"),
    };

    private ConnectionException FailureOf(PoolRent outcome) => outcome switch
    {
        PoolRent.Full => PoolExhaustedException.TooManyWait(_endPoint, _options, TakeSnapshot()),
        PoolRent.Down => Down("acquire", TakeSnapshot().DialError),
        _ => Disposed("acquire"),
    };

    /// <summary>An exception of its own for each caller, around the one reason.</summary>
    private ConnectionException Down(string operation, Exception? cause)
    {
        var error = (cause as ConnectionException)?.Error ?? ConnectionError.Unknown;
        var detail = cause is null ? "no connection could be dialed" : $"no connection could be dialed: {cause.Message}";
        return new ConnectionException(error, operation, localEndPoint: null, _endPoint, cause, detail: detail);
    }

    private ConnectionException Disposed(string operation) =>
        new(ConnectionError.Closed, operation, localEndPoint: null, _endPoint, detail: "the pool was disposed");

    private PoolSnapshot TakeSnapshot()
    {
        var now = Now;
        lock (_gate)
        {
            var age = _core.OldestLease is { } leasedAt ? TimeSpan.FromTicks(Math.Max(0, now - leasedAt)) : (TimeSpan?)null;
            return new PoolSnapshot(_core.GetStatistics(), age, _core.DialError);
        }
    }

    private PendingAcquire TakeSpare()
    {
        lock (_gate)
        {
            if (_spares is { } spare)
            {
                _spares = spare.NextSpare;
                _spareCount--;
                spare.NextSpare = null;
                return spare;
            }
        }

        return new PendingAcquire(this);
    }

    internal void Reuse(PendingAcquire waiter)
    {
        lock (_gate)
        {
            if (_spareCount < MostSpares)
            {
                _spareCount++;
                waiter.NextSpare = _spares;
                _spares = waiter;
            }
        }
    }
}
