using System.Diagnostics.CodeAnalysis;

namespace NetKit;

/// <summary>Decides, once, how a dial ends: by a connection, by failure, by its caller, or by its deadline.</summary>
/// <remarks>
/// Invariant: <see cref="Verdict"/> leaves <see cref="DialVerdict.Undecided"/> once, and whoever moves it has decided. So a
/// connection that is made while the caller gives up is either returned or closed, and never both or neither. After that
/// every attempt that is under way is told to stop.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or links holds nothing to dispose of.")]
internal sealed class DialDecision : DeadlineEntry
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenRegistration _caller;
    private readonly ForeignLimit? _limit;
    private int _verdict;

    /// <param name="deadline">When the time of the dial is over.</param>
    /// <param name="limit">When somebody else's time for it is over, on any clock.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="caller">The caller's token.</param>
    public DialDecision(Deadline deadline, Deadline limit, TimeProvider? timeProvider, CancellationToken caller)
        : base(DeadlineScheduler.For(timeProvider))
    {
        var isOnThisClock = limit.IsNone || ReferenceEquals(limit.TimeProvider, timeProvider);
        Deadline = isOnThisClock ? Deadline.Earliest(deadline, limit) : deadline;
        _limit = isOnThisClock ? null : new ForeignLimit(limit, this);
        Stop = _stop.Token;
        _caller = caller.UnsafeRegister(static state => ((DialDecision)state!).TryDecide(DialVerdict.Cancelled), this);
        Watch();
    }

    /// <summary>Is cancelled when it is decided.</summary>
    public CancellationToken Stop { get; }

    public DialVerdict Verdict => (DialVerdict)Volatile.Read(ref _verdict);

    /// <summary>How much time is left.</summary>
    public TimeSpan Remaining => Deadline.Earliest(Deadline, _limit?.Deadline ?? Deadline.None).Remaining;

    public bool IsDecided => Verdict != DialVerdict.Undecided;

    internal override bool IsAwaited => !IsDecided;

    /// <summary>Decides, if nobody has.</summary>
    public bool TryDecide(DialVerdict verdict)
    {
        if (Interlocked.CompareExchange(ref _verdict, (int)verdict, (int)DialVerdict.Undecided) != (int)DialVerdict.Undecided)
        {
            return false;
        }

        if (verdict is DialVerdict.Cancelled or DialVerdict.DeadlineExceeded)
        {
            // Off the thread of the caller's cancellation or of the clock: what awaits the dial may go on at once.
            _stop.CancelAsync().Abandon();
        }
        else
        {
            _stop.Cancel();
        }

        return true;
    }

    /// <summary>Decides, if nobody has, that everything has failed; or that time was over, where that is so and the clock is late to say it.</summary>
    public void Fail() => TryDecide(IsDue || _limit is { IsDue: true } ? DialVerdict.DeadlineExceeded : DialVerdict.Failed);

    /// <summary>Lets go of the caller's token and of the clock, now that it is decided.</summary>
    public void Close()
    {
        _caller.Unregister();
        _limit?.Forget();
        Forget();
    }

    internal override void OnDue()
    {
        if (IsDue)
        {
            TryDecide(DialVerdict.DeadlineExceeded);
        }
        else
        {
            Watch();
        }
    }

    /// <summary>A limit on another clock: which of the two comes first is not known before it has come.</summary>
    private sealed class ForeignLimit : DeadlineEntry
    {
        private readonly DialDecision _decision;

        public ForeignLimit(Deadline limit, DialDecision decision)
            : base(DeadlineScheduler.For(limit.TimeProvider))
        {
            _decision = decision;
            Deadline = limit;
        }

        internal override bool IsAwaited => !_decision.IsDecided;

        // Nobody moves it.
        internal override void OnDue() => _decision.TryDecide(DialVerdict.DeadlineExceeded);
    }
}
