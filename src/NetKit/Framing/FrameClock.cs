using System.IO.Pipelines;

namespace NetKit;

/// <summary>Bounds the time from a frame's first byte to its last: it wakes the reader that waits, and leaves the connection's deadlines alone.</summary>
/// <remarks>All members but those called by the wheel belong to the reader.</remarks>
internal sealed class FrameClock : DeadlineEntry
{
    private const int Idle = 0;
    private const int Awaited = 1;
    private const int Fired = 2;

    private readonly PipeReader _pipe;
    private int _state;
    private int _cancels; // that we asked the pipe for, and of which it has not told yet

    public FrameClock(PipeReader pipe, DeadlineScheduler scheduler)
        : base(scheduler) => _pipe = pipe;

    internal override bool IsAwaited => Volatile.Read(ref _state) == Awaited;

    /// <summary>The time that the frame was given.</summary>
    public TimeSpan Time { get; private set; }

    /// <summary>Begins a frame, unless it has begun.</summary>
    public void Start(TimeSpan timeout)
    {
        if (!HasDeadline)
        {
            Time = timeout;
            Deadline = Deadline.After(timeout, Scheduler.TimeProvider);
        }
    }

    /// <summary>Ends a frame.</summary>
    public void Stop()
    {
        if (HasDeadline)
        {
            Deadline = Deadline.None;
        }
    }

    /// <summary>Lets the pipe's read be cancelled from here on.</summary>
    public void BeginWait()
    {
        // A full fence: whoever moves the clock sees that we wait, or we see that it has moved.
        Interlocked.Exchange(ref _state, Awaited);
        Watch();
    }

    /// <summary>Ends what <see cref="BeginWait"/> began, if it did.</summary>
    public void EndWait()
    {
        if (Interlocked.Exchange(ref _state, Idle) == Fired)
        {
            _cancels++;
        }
    }

    /// <summary>Tells whether it was this clock that had a read of the pipe cancelled. Perhaps for an earlier frame: that came too late then.</summary>
    public bool TryTakeCancel()
    {
        if (_cancels == 0)
        {
            return false;
        }

        _cancels--;
        return true;
    }

    internal override void OnDue()
    {
        if (!IsDue)
        {
            // The next frame's time, by now.
            Watch();
        }
        else if (Interlocked.CompareExchange(ref _state, Fired, Awaited) == Awaited)
        {
            _pipe.CancelPendingRead();
        }
    }
}
