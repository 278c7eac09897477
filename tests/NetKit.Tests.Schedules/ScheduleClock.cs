namespace NetKit.Tests.Schedules;

/// <summary>A clock that moves when told, and rings then or, as on a busy machine, later.</summary>
internal sealed class ScheduleClock : TimeProvider
{
    private readonly Lock _gate = new(); // guards _timers; never held while one rings
    private readonly List<ManualTimer> _timers = [];
    private long _now = TimeSpan.TicksPerHour;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public void Advance(TimeSpan time, bool rings)
    {
        Interlocked.Add(ref _now, time.Ticks);
        while (rings && TakeDue() is { } timer)
        {
            timer.Ring();
        }
    }

    /// <summary>Goes to when the next timer rings, if that is soon; false when it is not.</summary>
    public bool AdvanceToNext(TimeSpan soon)
    {
        long due;
        lock (_gate)
        {
            due = _timers.Select(static timer => timer.DueAt).DefaultIfEmpty(long.MaxValue).Min();
        }

        if (due > _now + soon.Ticks)
        {
            return false;
        }

        Advance(TimeSpan.FromTicks(Math.Max(0, due - _now)), rings: true);
        return true;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (_gate)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    private ManualTimer? TakeDue()
    {
        lock (_gate)
        {
            var due = _timers.Find(timer => timer.DueAt <= _now);
            if (due is not null)
            {
                due.DueAt = long.MaxValue;
            }

            return due;
        }
    }

    private sealed class ManualTimer(ScheduleClock clock, Action ring) : ITimer
    {
        public long DueAt { get; set; } = long.MaxValue;

        public void Ring() => ring();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            DueAt = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : clock.GetTimestamp() + dueTime.Ticks;
            return true;
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
