namespace NetKit;

// The connection returned last is kept where the next acquire finds it without the lock, as long as nothing else is going on.
public sealed partial class ConnectionPool
{
    // The core takes a connection that is here for leased, and need not hear of what passes between here and the users. By its
    // handle, which goes from lease to lease here and does not have to be put back into its place in between.
    private LeaseHandle? _hot;
    private volatile bool _isQuiet; // written under _gate: whether nothing in the core depends on what is returned or leased

    /// <summary>Takes the connection that was returned last, if it is here; null otherwise.</summary>
    private LeaseHandle? TakeHot()
    {
        if (!_isQuiet || Volatile.Read(ref _hot) is null)
        {
            return null;
        }

        PoolSchedule.Point();
        return Interlocked.Exchange(ref _hot, null);
    }

    /// <summary>Leaves a connection where the next acquire finds it first; false when the core must hear of it.</summary>
    /// <remarks>
    /// Invariant: nobody waits, nothing is due and nothing is stale in the slot without an event to come that looks there. Whoever changes
    /// what that depends on clears <see cref="_isQuiet"/> first and empties the slot then; we fill the slot first and look at all of it again
    /// then. Both sides have a full fence in between, so one of us sees the other.
    /// </remarks>
    private bool TryLeaveHot(LeaseHandle handle)
    {
        var entry = handle.Entry;
        var due = Math.Min(entry.ExpiresAt, PoolCore.After(entry.IdleSince, _idleTimeout));
        if (!MayBeHot(entry, due))
        {
            return false;
        }

        PoolSchedule.Point();
        var previous = Interlocked.Exchange(ref _hot, handle);
        PoolSchedule.Point();
        if (!MayBeHot(entry, due) && Interlocked.CompareExchange(ref _hot, null, handle) == handle)
        {
            if (previous is not null)
            {
                ReturnCarefully(previous);
            }

            return false;
        }

        // It was returned before this one, and lies deeper.
        return previous is null || TryKeep(previous) || ReturnCarefully(previous);
    }

    private bool MayBeHot(PooledConnection entry, long due) =>
        _isQuiet && entry.Generation == _core.Generation && due >= _core.TimerAt;

    private bool TryKeep(LeaseHandle handle)
    {
        var now = MonotonicClock.Recent(_clock);
        var entry = handle.PutBack();
        PoolSchedule.Point();
        lock (_gate)
        {
            return _core.TryKeep(entry, now);
        }
    }
}
