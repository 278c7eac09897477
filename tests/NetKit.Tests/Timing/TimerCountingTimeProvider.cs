using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Timing;

/// <summary>A fake clock that knows how many of its timers are armed, and how often one was.</summary>
internal sealed class TimerCountingTimeProvider : FakeTimeProvider
{
    public int Timers { get; private set; }

    public int Armed { get; private set; }

    public int Changes { get; private set; }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Timers++;
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
        private bool _armed;

        public ITimer? Inner { get; set; }

        public void Set(bool armed)
        {
            owner.Armed += (armed ? 1 : 0) - (_armed ? 1 : 0);
            _armed = armed;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            owner.Changes++;
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
