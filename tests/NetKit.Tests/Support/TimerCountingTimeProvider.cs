using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

/// <summary>A fake clock that knows how many of its timers are armed, and how often one was.</summary>
internal sealed class TimerCountingTimeProvider : FakeTimeProvider
{
    private int _timers;
    private int _armed;
    private int _changes;

    public int Timers => Volatile.Read(ref _timers);

    public int Armed => Volatile.Read(ref _armed);

    public int Changes => Volatile.Read(ref _changes);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref _timers);
        var counted = new CountedTimer(this);
        counted.Inner = base.CreateTimer(
            value =>
            {
                counted.Set(false);
                callback(value);
            },
            state,
            dueTime,
            period);
        counted.Set(dueTime != Timeout.InfiniteTimeSpan);
        return counted;
    }

    private sealed class CountedTimer(TimerCountingTimeProvider owner) : ITimer
    {
        private int _isArmed;

        public ITimer? Inner { get; set; }

        public void Set(bool armed)
        {
            var now = armed ? 1 : 0;
            Interlocked.Add(ref owner._armed, now - Interlocked.Exchange(ref _isArmed, now));
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref owner._changes);
            Set(dueTime != Timeout.InfiniteTimeSpan);
            return Inner!.Change(dueTime, period);
        }

        public void Dispose()
        {
            Set(false);
            Inner!.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
