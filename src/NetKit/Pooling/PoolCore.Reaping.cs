namespace NetKit;

// What time does to connections that are idle.
internal sealed partial class PoolCore
{
    /// <summary>Closes what is too old, and what has been idle for too long and is not part of the minimum.</summary>
    private void Reap(long now, ref PoolEffects effects)
    {
        var closed = 0;
        PoolNode? next;
        for (var node = _idle.First; node is not null && closed < Slice; node = next)
        {
            next = node.Next;
            var entry = (PoolEntry)node;
            if (now >= entry.ExpiresAt)
            {
                _idle.Remove(entry);
                BeginClose(entry, PoolCloseReason.Lifetime, ref effects);
                closed++;
            }
        }

        while (closed < Slice && OldestSurplus is { } surplus && now >= After(surplus.IdleSince, _idleTimeout))
        {
            // The one that has been idle longest is the likeliest to be cut by something on the way.
            var entry = (PoolEntry)_idle.First!;
            _idle.Remove(entry);
            BeginClose(entry, PoolCloseReason.IdleTimeout, ref effects);
            closed++;
        }

        effects.HasMore |= closed == Slice;
    }

    /// <summary>The idle connection that came to be beyond the minimum first; null when none is.</summary>
    /// <remarks>
    /// As they are used last in, first out, there have been more than the minimum ever since it became idle. Connections of
    /// the minimum that one lease takes and gives back do not count: so leases do not cause dials and closes in turn.
    /// </remarks>
    private PoolEntry? OldestSurplus
    {
        get
        {
            if (_idle.Count <= _minIdle)
            {
                return null;
            }

            var node = _idle.First!;
            for (var index = 0; index < _minIdle; index++)
            {
                node = node.Next!;
            }

            return (PoolEntry)node;
        }
    }

    /// <summary>When a connection that becomes idle now must be looked at.</summary>
    private long DueOf(PoolEntry entry) =>
        Math.Min(entry.ExpiresAt, _idle.Count >= _minIdle ? After(entry.IdleSince, _idleTimeout) : long.MaxValue);

    private long NextDue(long now)
    {
        var due = _waiters.First is PoolWaiter waiter ? waiter.Deadline : long.MaxValue;
        if (OldestSurplus is { } surplus)
        {
            due = Math.Min(due, After(surplus.IdleSince, _idleTimeout));
        }

        for (var node = _idle.First; node is not null; node = node.Next)
        {
            due = Math.Min(due, ((PoolEntry)node).ExpiresAt);
        }

        return Math.Max(due, now);
    }
}
