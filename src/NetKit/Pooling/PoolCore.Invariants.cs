namespace NetKit;

// What must hold after every event, for tests to ask.
internal sealed partial class PoolCore
{
    /// <summary>Names an invariant that does not hold; null when all do. Walks everything.</summary>
    internal string? Violation(long now)
    {
        if (Open > _maxConnections)
        {
            return $"I1: {Open} connections are open, {_maxConnections} are allowed";
        }

        if (!AreAll(_idle, PoolEntryState.Idle) || !AreAll(_leased, PoolEntryState.Leased))
        {
            return "I2: a connection is in a place where it does not belong";
        }

        if (_waiters.Count > 0 && _idle.Count > 0)
        {
            return $"I3: {_waiters.Count} wait while {_idle.Count} are idle";
        }

        if (_waiters.Count > 0 && Open < _maxConnections && _dials.Count == 0 && now >= _pace.GateFor(somebodyWaits: true))
        {
            return $"I4: {_waiters.Count} wait and there is room, but no dial runs";
        }

        if (_waiters.Count > 0 && Open < _maxConnections && _dials.Count == 0 && TimerAt > _pace.GateFor(somebodyWaits: true))
        {
            return "I4: a dial is put off, and nothing will start it";
        }

        if (_waiters.First is PoolWaiter { State: not PoolWaiterState.Waiting } || _waiters.Last is PoolWaiter { State: not PoolWaiterState.Waiting })
        {
            return "I6: a waiter that is settled waits still";
        }

        for (var node = _waiters.First; node is { Next: { } next }; node = next)
        {
            if (((PoolWaiter)node).Deadline > ((PoolWaiter)next).Deadline)
            {
                return "a waiter stands behind one that has more time";
            }
        }

        if (NextDue(now) < TimerAt)
        {
            return "nothing will ring when the first waiter or idle connection is due";
        }

        return _isDisposed && _idle.Count > 0 ? "I7: a disposed pool keeps connections" : null;
    }

    private static bool AreAll(in PoolList list, PoolEntryState state)
    {
        var count = 0;
        for (var node = list.First; node is not null; node = node.Next, count++)
        {
            if (((PoolEntry)node).State != state)
            {
                return false;
            }
        }

        return count == list.Count;
    }
}
