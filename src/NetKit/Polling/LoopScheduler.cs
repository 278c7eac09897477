namespace NetKit;

/// <summary>Rings by the time that a loop waits for events: the deadlines of its connections need no timer.</summary>
internal sealed class LoopScheduler : DeadlineScheduler
{
    private readonly PollLoop _loop;

    public LoopScheduler(PollLoop loop)
        : base(timeProvider: null, TimeSpan.TicksPerMillisecond) => _loop = loop;

    /// <summary>The tick by which the loop must look here again.</summary>
    public long NextTick => ArmedTick;

    /// <summary>Tells whether that tick has come.</summary>
    public bool IsDue => NextTick is var tick && tick != long.MaxValue && MonotonicClock.HasReached(clock: null, tick * TickLength);

    /// <summary>How long the loop may wait for that tick, in milliseconds as epoll takes them; -1 without end.</summary>
    public int PatienceFor(long tick)
    {
        if (tick == long.MaxValue)
        {
            return -1;
        }

        var left = (tick * TickLength) - MonotonicClock.Now(clock: null);

        // Rounded up: a wait that ends before the tick would only be followed by another.
        return (int)Math.Clamp((left + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond, 0, int.MaxValue);
    }

    /// <summary>Ends what is due. What awaited it goes on elsewhere.</summary>
    public void Run() => RunDue();

    protected override void Alarm(long tick) => _loop.WakeBefore(tick);
}
