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
    private int _verdict;

    /// <param name="deadline">When the time of the dial is over.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="caller">The caller's token.</param>
    public DialDecision(Deadline deadline, TimeProvider? timeProvider, CancellationToken caller)
        : base(DeadlineScheduler.For(timeProvider))
    {
        Deadline = deadline;
        Stop = _stop.Token;
        _caller = caller.UnsafeRegister(static state => ((DialDecision)state!).TryDecide(DialVerdict.Cancelled), this);
        Watch();
    }

    /// <summary>Is cancelled when it is decided.</summary>
    public CancellationToken Stop { get; }

    public DialVerdict Verdict => (DialVerdict)Volatile.Read(ref _verdict);

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
            _ = _stop.CancelAsync();
        }
        else
        {
            _stop.Cancel();
        }

        return true;
    }

    /// <summary>Lets go of the caller's token and of the clock, now that it is decided.</summary>
    public void Close()
    {
        _caller.Unregister();
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
}
