namespace NetKit;

/// <summary>Computes how long to wait before each retry. Pure: the caller brings the random number.</summary>
/// <remarks>
/// The wait is capped first and drawn at random after: the cap bounds the range, not the draw. Capping the draw, as is common,
/// gives all clients of a long outage the very same wait, and they come back as one.
/// </remarks>
internal readonly struct Backoff(TimeSpan delay, double multiplier, TimeSpan maxDelay)
{
    // Never at once, lest a peer that refuses quickly is asked in a loop. A fifth at most, so that a short range is a range still.
    private static readonly TimeSpan s_floor = TimeSpan.FromMilliseconds(10);

    /// <summary>The longest wait before a retry; 0 is the first one.</summary>
    public TimeSpan Ceiling(int retry)
    {
        // In floating point, where too large a power is infinity and not a negative number. Zero times infinity is no number.
        var ticks = delay == TimeSpan.Zero ? 0 : delay.Ticks * Math.Pow(multiplier, retry);
        return ticks < maxDelay.Ticks ? TimeSpan.FromTicks(Math.Max((long)ticks, delay.Ticks)) : maxDelay;
    }

    /// <summary>The shortest wait before a retry.</summary>
    public TimeSpan Floor(int retry)
    {
        var fifth = Ceiling(retry) / 5;
        return fifth < s_floor ? fifth : s_floor;
    }

    /// <summary>The wait before a retry: evenly spread between the shortest and the longest.</summary>
    /// <param name="retry">Which retry; 0 is the first one.</param>
    /// <param name="random">From 0 to 1, evenly spread.</param>
    public TimeSpan Next(int retry, double random)
    {
        var (floor, ceiling) = (Floor(retry), Ceiling(retry));
        var drawn = (ceiling - floor).Ticks * random;
        return drawn < (ceiling - floor).Ticks ? floor + TimeSpan.FromTicks((long)drawn) : ceiling;
    }
}
