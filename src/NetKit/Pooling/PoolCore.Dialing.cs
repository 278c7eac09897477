using System.Diagnostics;

namespace NetKit;

// How many dials run, and what becomes of them.
internal sealed partial class PoolCore
{
    // How long a dial that nobody needs any more goes on: somebody may come and be glad of it.
    private const long Grace = 5 * TimeSpan.TicksPerSecond;

    // Down, and nothing leased or being dialed: whoever waits, waits for nothing.
    private bool IsHopeless => _pace.IsDown && _leased.Count == 0 && _dials.Count == 0;

    // The dial that they waited for has failed, and they are being told so.
    private bool _isGivingUp;

    /// <summary>A dial has brought a connection.</summary>
    public void DialSucceeded(PoolDial dial, PoolEntry entry, long now, ref PoolEffects effects)
    {
        Forget(dial);
        _dialed++;
        _pace.OnDialed(dial.StartedAt);
        DialError = null;
        entry.BornAt = entry.IdleSince = now;
        entry.Generation = dial.Generation;

        // Drawn once. Drawn again at each look, the lowest would win and all would die young and together.
        entry.ExpiresAt = _lifetime == long.MaxValue
            ? long.MaxValue
            : After(now, (long)(_lifetime * (1 - (_lifetimeJitter * _random.NextDouble()))));
        Offer(entry, now, ref effects);
        SettleWarmUps(PoolWaiterState.Granted, ref effects);
        Plan(now, ref effects);
    }

    /// <summary>A dial has failed. If the pool had cancelled it, that says nothing of the endpoint.</summary>
    public void DialFailed(PoolDial dial, Exception error, long now, ref PoolEffects effects)
    {
        Forget(dial);
        if (!dial.IsCancelled)
        {
            DialError = error;
            _pace.OnDialFailed(dial.StartedAt, now);

            // Whether or not the next dial may begin at once: one that took long has outlasted the wait between two, and if its
            // successor were begun for those who waited for it, they would wait for one dial after the other.
            _isGivingUp = IsHopeless;
            SettleWarmUps(PoolWaiterState.Down, ref effects);
        }

        Plan(now, ref effects);
        effects.IsDrained = _isDisposed && Open == 0;
    }

    /// <summary>Wants a number of open connections, and settles the warm-up once they are there.</summary>
    public void WarmUp(PoolWarmUp warmUp, long now, ref PoolEffects effects)
    {
        warmUp.State = PoolWaiterState.Waiting;
        _warmUps.Add(warmUp);
        if (_isDisposed)
        {
            SettleWarmUps(PoolWaiterState.Disposed, ref effects);
            return;
        }

        SettleWarmUps(PoolWaiterState.Granted, ref effects);
        if (_warmUps.Count > 0 && IsHopeless && now < _pace.GateFor(somebodyWaits: true))
        {
            SettleWarmUps(PoolWaiterState.Down, ref effects);
        }

        Plan(now, ref effects);
    }

    /// <summary>Wants them no more; false when the warm-up is settled already. Dials under way go on.</summary>
    public bool Cancel(PoolWarmUp warmUp, long now, ref PoolEffects effects)
    {
        if (warmUp.State != PoolWaiterState.Waiting)
        {
            return false;
        }

        _warmUps.Remove(warmUp);
        warmUp.State = PoolWaiterState.Cancelled;
        Plan(now, ref effects);
        return true;
    }

    /// <summary>Starts the dials that are needed, cancels those that have not been for long, and lets nobody wait for nothing.</summary>
    private void Plan(long now, ref PoolEffects effects)
    {
        if (_isDisposed)
        {
            return;
        }

        if (_isGivingUp)
        {
            SettleSome(PoolWaiterState.Down, ref effects);
            _isGivingUp = _waiters.Count > 0;
            if (_isGivingUp)
            {
                return;
            }
        }

        var somebodyWaits = _waiters.Count > 0 || _warmUps.Count > 0;
        var missing = Wanted() - (_dials.Count - _cancelledDials);
        if (missing > 0)
        {
            var gate = _pace.GateFor(somebodyWaits);
            if (now < gate)
            {
                Arm(gate, ref effects);
            }
            else
            {
                var room = Math.Min(_maxConnections - Open, Math.Min(_maxConcurrentDials, _pace.Allowance) - _dials.Count);
                StartDials(Math.Min(missing, room), now, ref effects);
            }
        }

        EndSurplus(-missing, now, ref effects);
        if (_waiters.Count > 0 && IsHopeless)
        {
            SettleSome(PoolWaiterState.Down, ref effects);
        }
    }

    /// <summary>How many more connections would be of use: for those who wait and the minimum of idle ones; or for a warm-up, to which those count.</summary>
    private int Wanted()
    {
        var wanted = _waiters.Count + Math.Max(0, _minIdle - _idle.Count);
        for (var warmUp = _warmUps.First; warmUp is not null; warmUp = warmUp.Next)
        {
            wanted = Math.Max(wanted, ((PoolWarmUp)warmUp).Target - _idle.Count - _leased.Count);
        }

        return wanted;
    }

    private void StartDials(int count, long now, ref PoolEffects effects)
    {
        for (var started = 0; started < count; started++)
        {
            var dial = _makeDial();
            dial.StartedAt = now;
            dial.Generation = _generation;
            _dials.Add(dial);
            effects.Start(dial);
        }

        Debug.Assert(Open <= _maxConnections, "Never more connections than allowed.");
    }

    private void EndSurplus(int surplus, long now, ref PoolEffects effects)
    {
        if (surplus <= 0)
        {
            _surplusSince = long.MaxValue;
            return;
        }

        if (_surplusSince == long.MaxValue)
        {
            _surplusSince = now;
        }

        if (now < _surplusSince + Grace)
        {
            Arm(_surplusSince + Grace, ref effects);
            return;
        }

        // The youngest first: an older one is nearer to its end.
        for (var dial = (PoolDial?)_dials.Last; dial is not null && surplus > 0; dial = (PoolDial?)dial.Previous)
        {
            surplus -= Cancel(dial, ref effects) ? 1 : 0;
        }
    }

    private void CancelDials(ref PoolEffects effects)
    {
        for (var dial = _dials.First; dial is not null; dial = dial.Next)
        {
            Cancel((PoolDial)dial, ref effects);
        }
    }

    private bool Cancel(PoolDial dial, ref PoolEffects effects)
    {
        if (dial.IsCancelled)
        {
            return false;
        }

        dial.IsCancelled = true;
        _cancelledDials++;
        effects.Cancel(dial);
        return true;
    }

    private void Forget(PoolDial dial)
    {
        _dials.Remove(dial);
        if (dial.IsCancelled)
        {
            _cancelledDials--;
        }
    }

    /// <summary>Settles all warm-ups; as granted, only those that have what they want.</summary>
    private void SettleWarmUps(PoolWaiterState state, ref PoolEffects effects)
    {
        PoolNode? next;
        for (var node = _warmUps.First; node is not null; node = next)
        {
            next = node.Next;
            var warmUp = (PoolWarmUp)node;
            if (state != PoolWaiterState.Granted || _idle.Count + _leased.Count >= warmUp.Target)
            {
                _warmUps.Remove(warmUp);
                warmUp.State = state;
                warmUp.Cause = DialError;
                effects.Settle(warmUp);
            }
        }
    }
}
