using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

/// <summary>A fake clock that tells how many of its timers are set.</summary>
internal sealed class ArmedTimers : FakeTimeProvider
{
    private readonly HashSet<object> _armed = [];

    public int Count
    {
        get
        {
            lock (_armed)
            {
                return _armed.Count;
            }
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this);
        timer.Inner = base.CreateTimer(
            passed =>
            {
                timer.Note(isArmed: false);
                callback(passed);
            },
            state,
            dueTime,
            period);
        timer.Note(dueTime != Timeout.InfiniteTimeSpan);
        return timer;
    }

    private sealed class Timer(ArmedTimers owner) : ITimer
    {
        public ITimer Inner { get; set; } = null!;

        public void Note(bool isArmed)
        {
            lock (owner._armed)
            {
                _ = isArmed ? owner._armed.Add(this) : owner._armed.Remove(this);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Note(dueTime != Timeout.InfiniteTimeSpan);
            return Inner.Change(dueTime, period);
        }

        public void Dispose()
        {
            Note(isArmed: false);
            Inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
