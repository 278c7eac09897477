using System.Diagnostics.CodeAnalysis;

namespace NetKit;

/// <summary>Bounds all rounds of a dial together: stops them when the caller says so, or when the time is over and not before.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or links holds nothing to dispose of.")]
internal sealed class DialBudget : DeadlineEntry
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenRegistration _caller;
    private volatile bool _isOver;

    public DialBudget(TimeSpan time, TimeProvider? clock, CancellationToken caller)
        : base(DeadlineScheduler.For(clock))
    {
        // Exactly, where Deadline.After would give a long budget some milliseconds more.
        Deadline = Limit = Deadline.FromInstant(MonotonicClock.Now(clock) + time.Ticks, Scheduler.TimeProvider);
        Stop = _stop.Token;
        _caller = caller.UnsafeRegister(static state => ((DialBudget)state!)._stop.Cancel(), this);
        Watch();
    }

    /// <summary>When the time is over.</summary>
    public Deadline Limit { get; }

    /// <summary>Is cancelled by the caller or when the time is over.</summary>
    public CancellationToken Stop { get; }

    internal override bool IsAwaited => !_isOver;

    /// <summary>Lets go of the caller's token and of the clock.</summary>
    public void Close()
    {
        _isOver = true;
        _caller.Unregister();
        Forget();
    }

    internal override void OnDue()
    {
        if (IsDue)
        {
            _isOver = true;

            // Off the clock's thread, which rings for everybody: a dialer that is not ours may block or throw when it is told.
            _stop.CancelAsync().Abandon();
        }
        else
        {
            Watch();
        }
    }
}
