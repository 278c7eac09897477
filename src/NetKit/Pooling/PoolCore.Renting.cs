using System.Diagnostics;

namespace NetKit;

// Who gets a connection: an idle one at once, or in turn the next that comes.
internal sealed partial class PoolCore
{
    /// <summary>Takes an idle connection, if there is nothing else to think of; null otherwise: then <see cref="Rent"/> decides.</summary>
    public PoolEntry? TryTake(long now)
    {
        if (_idle.Count <= _minIdle || _idle.Last is not PoolEntry entry || now >= entry.ExpiresAt)
        {
            return null;
        }

        _idle.Remove(entry);
        Lease(entry, now);
        return entry;
    }

    /// <summary>Takes an idle connection, or lets the waiter wait for one.</summary>
    public PoolRent Rent(PoolWaiter waiter, long now, ref PoolEffects effects, out PoolEntry? entry)
    {
        entry = null;
        if (_isDisposed)
        {
            return PoolRent.Disposed;
        }

        while (_idle.Last is PoolEntry last)
        {
            _idle.Remove(last);
            if (WhyStale(last, now) is { } reason)
            {
                BeginClose(last, reason, ref effects);
                continue;
            }

            Lease(last, now);
            Plan(now, ref effects);
            entry = last;
            return PoolRent.Leased;
        }

        if (_waiters.Count >= _maxWaiters)
        {
            return PoolRent.Full;
        }

        if (IsHopeless && now < _pace.GateFor(somebodyWaits: true))
        {
            return PoolRent.Down;
        }

        waiter.State = PoolWaiterState.Waiting;
        StandInLine(waiter);
        Arm(waiter.Deadline, ref effects);
        Plan(now, ref effects);
        return PoolRent.Waiting;
    }

    /// <summary>Lets a waiter leave; false when it is settled already.</summary>
    public bool Cancel(PoolWaiter waiter, long now, ref PoolEffects effects)
    {
        if (waiter.State != PoolWaiterState.Waiting)
        {
            return false;
        }

        _waiters.Remove(waiter);
        waiter.State = PoolWaiterState.Cancelled;
        Plan(now, ref effects);
        return true;
    }

    /// <summary>A leased connection has come back, and there is nothing else to think of; false otherwise: then <see cref="Return"/> decides.</summary>
    public bool TryKeep(PoolEntry entry, long now)
    {
        if (_waiters.Count != 0
            || _isDisposed
            || !_pace.IsProven
            || _idleTimeout == 0
            || entry.State != PoolEntryState.Leased
            || entry.Generation != _generation
            || now >= entry.ExpiresAt
            || DueOf(entry) < TimerAt)
        {
            return false;
        }

        _leased.Remove(entry);
        Keep(entry);
        return true;
    }

    /// <summary>A leased connection has come back, fit for the next; <see cref="PoolEntry.OnReturned"/> was called.</summary>
    public void Return(PoolEntry entry, long now, ref PoolEffects effects)
    {
        if (entry.State != PoolEntryState.Leased)
        {
            // Taken from its user when the pool was disposed.
            return;
        }

        _leased.Remove(entry);
        _pace.OnProof(entry.BornAt);
        Offer(entry, now, ref effects);
        Plan(now, ref effects);
    }

    /// <summary>A leased connection comes back, not fit for anybody.</summary>
    /// <param name="entry">The connection.</param>
    /// <param name="reason">Why it is not.</param>
    /// <param name="isDead">Whether the peer has ended it.</param>
    /// <param name="now">The time.</param>
    /// <param name="effects">What to do.</param>
    /// <returns>False when it was taken from its user before.</returns>
    public bool Discard(PoolEntry entry, PoolCloseReason reason, bool isDead, long now, ref PoolEffects effects)
    {
        if (entry.State != PoolEntryState.Leased)
        {
            return false;
        }

        _leased.Remove(entry);
        if (isDead && entry.Uses == 0)
        {
            _pace.OnStillborn(entry.BornAt, now);
        }

        if (reason == PoolCloseReason.Leaked)
        {
            _leaked++;
        }

        BeginClose(entry, reason, ref effects);
        Plan(now, ref effects);
        return true;
    }

    /// <summary>Gives a connection to who waits longest, or keeps it.</summary>
    private void Offer(PoolEntry entry, long now, ref PoolEffects effects)
    {
        // A fresh one may serve once, however short a life it has.
        var isFresh = entry.State == PoolEntryState.New;
        if (WhyStale(entry, isFresh ? long.MinValue : now) is { } reason)
        {
            BeginClose(entry, reason, ref effects);
        }
        else if (TakeLiveWaiter(now, ref effects) is { } waiter)
        {
            Lease(entry, now);
            waiter.Entry = entry;
            waiter.State = PoolWaiterState.Granted;
            effects.Settle(waiter);
        }
        else if (_idleTimeout == 0 && _idle.Count >= _minIdle)
        {
            BeginClose(entry, PoolCloseReason.IdleTimeout, ref effects);
        }
        else if (now >= entry.ExpiresAt)
        {
            BeginClose(entry, PoolCloseReason.Lifetime, ref effects);
        }
        else
        {
            Arm(DueOf(entry), ref effects);
            Keep(entry);
        }
    }

    private PoolCloseReason? WhyStale(PoolEntry entry, long now)
    {
        if (_isDisposed)
        {
            return PoolCloseReason.Disposed;
        }

        if (entry.Generation != _generation)
        {
            return PoolCloseReason.Cleared;
        }

        return now >= entry.ExpiresAt ? PoolCloseReason.Lifetime : null;
    }

    private void Lease(PoolEntry entry, long now)
    {
        entry.State = PoolEntryState.Leased;
        entry.OnLeased(now);
        _leased.Add(entry);
    }

    private void Keep(PoolEntry entry)
    {
        Debug.Assert(_waiters.Count == 0, "Nobody waits while a connection is idle.");
        entry.State = PoolEntryState.Idle;
        _idle.Add(entry);
    }

    /// <summary>Puts the waiter where it belongs by when it came: at the end, unless it has looked at an idle connection first, which was no good.</summary>
    /// <remarks>Whoever came first has the earliest deadline, for all have the same patience. So the first in line is also the first to expire.</remarks>
    private void StandInLine(PoolWaiter waiter)
    {
        var before = _waiters.Last;
        while (before is PoolWaiter other && other.Deadline > waiter.Deadline)
        {
            before = before.Previous;
        }

        _waiters.Insert(waiter, before);
    }

    /// <summary>Takes the first waiter whose time is not over. The others are told: no connection is spent on them.</summary>
    private PoolWaiter? TakeLiveWaiter(long now, ref PoolEffects effects)
    {
        while (_waiters.TakeFirst() is PoolWaiter waiter)
        {
            if (waiter.Deadline > now)
            {
                return waiter;
            }

            Settle(waiter, PoolWaiterState.Expired, ref effects);
        }

        return null;
    }

    private void ExpireWaiters(long now, ref PoolEffects effects)
    {
        for (var count = 0; _waiters.First is PoolWaiter waiter && waiter.Deadline <= now; count++)
        {
            if (count == Slice)
            {
                effects.HasMore = true;
                return;
            }

            _waiters.Remove(waiter);
            Settle(waiter, PoolWaiterState.Expired, ref effects);
        }
    }

    private void SettleSome(PoolWaiterState state, ref PoolEffects effects)
    {
        for (var count = 0; count < Slice && _waiters.TakeFirst() is PoolWaiter waiter; count++)
        {
            Settle(waiter, state, ref effects);
        }

        effects.HasMore |= _waiters.Count > 0;
    }

    private void Settle(PoolWaiter waiter, PoolWaiterState state, ref PoolEffects effects)
    {
        Debug.Assert(waiter.State == PoolWaiterState.Waiting, "A waiter is settled once.");
        waiter.State = state;
        waiter.Cause = DialError;
        effects.Settle(waiter);
    }
}
