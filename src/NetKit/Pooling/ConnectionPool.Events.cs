namespace NetKit;

// How an event gets into the core, and what it leads to out of it: the one place where the two meet.
public sealed partial class ConnectionPool
{
    /// <summary>Tells the core what has happened. Runs under the lock: it must do nothing else.</summary>
    private delegate TResult PoolEvent<TSubject, TResult>(PoolCore core, TSubject subject, long now, ref PoolEffects effects);

    private delegate void PoolEvent<TSubject>(PoolCore core, TSubject subject, long now, ref PoolEffects effects);

    // The clock is read before the lock, and now and then the coarse one: in the core time does not run backwards for all that.
    private long _latest = long.MinValue;

    /// <summary>Lets one event at a time into the core, and does what it leads to.</summary>
    private TResult Let<TSubject, TResult>(TSubject subject, PoolEvent<TSubject, TResult> happen) => Let(subject, happen, Now);

    private TResult Let<TSubject, TResult>(TSubject subject, PoolEvent<TSubject, TResult> happen, long now)
    {
        var effects = default(PoolEffects);
        var result = Enter(subject, happen, now, ref effects);
        CarryOut(ref effects);
        return result;
    }

    private void Let<TSubject>(TSubject subject, PoolEvent<TSubject> happen)
    {
        var effects = default(PoolEffects);
        Enter(subject, happen, ref effects);
        CarryOut(ref effects);
    }

    private void Enter<TSubject>(TSubject subject, PoolEvent<TSubject> happen, ref PoolEffects effects) => Enter(
        (subject, happen),
        static (core, told, now, ref effects) =>
        {
            told.happen(core, told.subject, now, ref effects);
            return true;
        },
        ref effects);

    private TResult Enter<TSubject, TResult>(TSubject subject, PoolEvent<TSubject, TResult> happen, ref PoolEffects effects) =>
        Enter(subject, happen, Now, ref effects);

    /// <summary>Lets one event at a time into the core, which knows then of every connection. What it leads to is for the caller to carry out.</summary>
    private TResult Enter<TSubject, TResult>(TSubject subject, PoolEvent<TSubject, TResult> happen, long now, ref PoolEffects effects)
    {
        TResult result;
        PoolSchedule.Point();
        lock (_gate)
        {
            now = _latest = Math.Max(now, _latest);
            _isQuiet = false;
            if (Interlocked.Exchange(ref _hot, null) is { } hot)
            {
                _core.Return(hot.PutBack(), now, ref effects);
            }

            result = happen(_core, subject, now, ref effects);
            _isQuiet = _core.IsIndifferent;
        }

        PoolSchedule.Point();
        return result;
    }

    /// <summary>Does what an event has led to, and goes on until nothing is left of it. Never under the lock.</summary>
    private void CarryOut(ref PoolEffects effects)
    {
        while (true)
        {
            TellWaiters(effects.Settled);
            TellWarmUps(effects.SettledWarmUps);
            for (var entry = effects.Closing; entry is not null; entry = entry.NextClosing)
            {
                _execute((PooledConnection)entry);
            }

            for (var dial = effects.Cancelled; dial is not null; dial = dial.NextCancelled)
            {
                ((PooledDial)dial).Stop();
            }

            for (var dial = effects.Started; dial is not null; dial = dial.NextStarted)
            {
                _execute((PooledDial)dial);
            }

            if (effects.SetsTimer)
            {
                SetTimer();
            }

            if (effects.IsDrained)
            {
                _drained.TrySetResult();
            }

            if (!effects.HasMore)
            {
                return;
            }

            effects = default;
            Enter(0, static (core, _, now, ref effects) => core.Continue(now, ref effects), ref effects);
        }
    }
}
