namespace NetKit;

/// <summary>Runs a <see cref="TimerWheel"/> on one clock; whoever derives from it brings what rings at the next tick in use.</summary>
/// <remarks>
/// The same code serves the system's clock (sharded, in whole milliseconds) and a test's <see cref="System.TimeProvider"/>
/// (one wheel, in its exact ticks). An idle process has no wake-ups: an empty wheel arms nothing.
/// </remarks>
internal abstract class DeadlineScheduler
{
    private readonly Lock _gate = new(); // guards _wheel, _armedTick and the place of every entry
    private readonly TimerWheel _wheel;
    private long _armedTick = long.MaxValue;

    protected DeadlineScheduler(TimeProvider? timeProvider, long tickLength)
    {
        TimeProvider = timeProvider;
        TickLength = tickLength;
        _wheel = new TimerWheel(MonotonicClock.Now(timeProvider) / tickLength);
    }

    /// <summary>The clock; null is the system's.</summary>
    public TimeProvider? TimeProvider { get; }

    /// <summary>The tick at which <see cref="RunDue"/> must be called; <see cref="long.MaxValue"/> while the wheel is empty.</summary>
    protected long ArmedTick => Volatile.Read(ref _armedTick);

    /// <summary>How long a tick is, in 100 ns.</summary>
    protected long TickLength { get; }

    /// <summary>Picks the scheduler for a clock; the system's clock has several, used in turn.</summary>
    public static DeadlineScheduler For(TimeProvider? timeProvider) => TimerScheduler.For(timeProvider);

    /// <summary>Makes sure that the entry is visited when it is due; false when it has gone to another scheduler.</summary>
    public bool TryWatch(DeadlineEntry entry)
    {
        lock (_gate)
        {
            if (entry.Scheduler != this)
            {
                return false;
            }

            if (entry.DueAt < entry.VisitAt)
            {
                Place(entry);
                Arm();
            }

            return true;
        }
    }

    /// <summary>Takes the entry off the wheel and hands it over; false when it has gone to another scheduler.</summary>
    public bool TryForget(DeadlineEntry entry, DeadlineScheduler next)
    {
        lock (_gate)
        {
            if (entry.Scheduler != this)
            {
                return false;
            }

            Remove(entry);
            entry.Scheduler = next;
            return true;
        }
    }

    /// <summary>Sees to it that <see cref="RunDue"/> is called at the tick, and no more at a later one. Called under the lock, as the last act.</summary>
    protected abstract void Alarm(long tick);

    /// <summary>Tells everything that is due, and arms for what is due next.</summary>
    protected void RunDue()
    {
        while (TakeDue() is { } entry)
        {
            entry.OnDue();
        }
    }

    private void Remove(DeadlineEntry entry)
    {
        if (entry.Slot >= 0)
        {
            _wheel.Unlink(entry);
        }

        Volatile.Write(ref entry.VisitAt, long.MaxValue);
    }

    /// <summary>Puts the entry where its due time says, and again when that moved nearer meanwhile.</summary>
    private void Place(DeadlineEntry entry)
    {
        long due;
        while ((due = entry.DueAt) < entry.VisitAt)
        {
            Remove(entry);
            _wheel.Link(entry, TickAtOrAfter(due));
            Volatile.Write(ref entry.VisitAt, due);

            // The setter stores the deadline, fences, then reads VisitAt; we do the reverse. One of us sees the other.
            Interlocked.MemoryBarrier();
        }
    }

    /// <summary>Takes the next entry that is due and awaited; arms when there is none left.</summary>
    private DeadlineEntry? TakeDue()
    {
        lock (_gate)
        {
            Volatile.Write(ref _armedTick, long.MaxValue);
            var now = MonotonicClock.Now(TimeProvider);
            while (_wheel.TakeDue(now / TickLength) is { } entry)
            {
                // Off the wheel before we ask who waits: whoever begins to wait from here on will put it back.
                Volatile.Write(ref entry.VisitAt, long.MaxValue);
                Interlocked.MemoryBarrier();
                if (!entry.IsAwaited)
                {
                    continue;
                }

                if (entry.DueAt <= now)
                {
                    return entry;
                }

                Place(entry);
            }

            Arm();
            return null;
        }
    }

    /// <summary>Sets the alarm for the next tick in use, unless it rings before that already.</summary>
    private void Arm()
    {
        var tick = _wheel.NextTick();
        if (tick < _armedTick)
        {
            Volatile.Write(ref _armedTick, tick);
            Alarm(tick);
        }
    }

    // Rounded up: an entry is never due before its instant.
    private long TickAtOrAfter(long instant) => (instant / TickLength) + (instant % TickLength == 0 ? 0 : 1);
}
