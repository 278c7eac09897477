using System.Runtime.CompilerServices;

namespace NetKit;

/// <summary>Runs a <see cref="TimerWheel"/> on one clock with one timer, which is armed only while something is watched.</summary>
/// <remarks>
/// The same code serves the system's clock (sharded, in whole milliseconds) and a test's <see cref="System.TimeProvider"/>
/// (one wheel, in its exact ticks). An idle process has no wake-ups: an empty wheel arms nothing.
/// </remarks>
internal sealed class DeadlineScheduler
{
    private static readonly DeadlineScheduler[] s_system = CreateSystemShards();
    private static readonly ConditionalWeakTable<TimeProvider, DeadlineScheduler> s_others = [];
    private static uint s_nextShard;

    // TimeProvider's timers reach 49.7 days; a wheel further away than this is looked at once on the way.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(40);

    private readonly Lock _gate = new(); // guards _wheel, _timer, _armedTick and the place of every entry
    private readonly TimerWheel _wheel;
    private readonly long _tickLength;
    private ITimer? _timer;
    private long _armedTick = long.MaxValue;

    private DeadlineScheduler(TimeProvider? timeProvider, long tickLength)
    {
        TimeProvider = timeProvider;
        _tickLength = tickLength;
        _wheel = new TimerWheel(MonotonicClock.Now(timeProvider) / tickLength);
    }

    /// <summary>The clock; null is the system's.</summary>
    public TimeProvider? TimeProvider { get; }

    /// <summary>Picks the scheduler for a clock; the system's clock has several, used in turn.</summary>
    public static DeadlineScheduler For(TimeProvider? timeProvider)
    {
        if (timeProvider is null || ReferenceEquals(timeProvider, TimeProvider.System))
        {
            return s_system[Interlocked.Increment(ref s_nextShard) % (uint)s_system.Length];
        }

        return s_others.GetValue(timeProvider, static provider => new DeadlineScheduler(provider, tickLength: 1));
    }

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

    private static DeadlineScheduler[] CreateSystemShards()
    {
        var shards = new DeadlineScheduler[Math.Min(Environment.ProcessorCount, 8)];
        for (var index = 0; index < shards.Length; index++)
        {
            shards[index] = new DeadlineScheduler(timeProvider: null, TimeSpan.TicksPerMillisecond);
        }

        return shards;
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

    private void OnTimer()
    {
        while (TakeDue() is { } entry)
        {
            entry.OnDue();
        }
    }

    /// <summary>Takes the next entry that is due and awaited; arms the timer when there is none left.</summary>
    private DeadlineEntry? TakeDue()
    {
        lock (_gate)
        {
            _armedTick = long.MaxValue;
            var now = MonotonicClock.Now(TimeProvider);
            while (_wheel.TakeDue(now / _tickLength) is { } entry)
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

    /// <summary>Sets the timer for the next tick in use, unless it rings before that already. The last act under the lock:
    /// a test's clock may ring right here.</summary>
    private void Arm()
    {
        var tick = _wheel.NextTick();
        if (tick >= _armedTick)
        {
            return;
        }

        _armedTick = tick;
        var ticks = Math.Max((tick * _tickLength) - MonotonicClock.Now(TimeProvider), 1);
        var wholeTicks = TickAtOrAfter(ticks) * _tickLength;
        _timer ??= CreateTimer();
        _timer.Change(TimeSpan.FromTicks(Math.Min(wholeTicks, s_longestWait.Ticks)), Timeout.InfiniteTimeSpan);
    }

    // Rounded up: an entry is never due before its instant.
    private long TickAtOrAfter(long instant) => (instant / _tickLength) + (instant % _tickLength == 0 ? 0 : 1);

    private ITimer CreateTimer()
    {
        // Whoever happens to set the first deadline must not lend its ambient state to every later timeout.
        using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
        {
            return (TimeProvider ?? TimeProvider.System).CreateTimer(
                static state => ((DeadlineScheduler)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
