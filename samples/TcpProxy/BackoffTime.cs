namespace NetKit.Samples;

/// <summary>How long a backend is put aside: twice as long after each failure in a row, up to a limit, and never the same for two proxies.</summary>
internal readonly record struct BackoffTime(TimeSpan First, TimeSpan Most)
{
    /// <summary>The time after so many failures in a row, at least 1: between half of the full time and all of it.</summary>
    public TimeSpan After(int failures, double random)
    {
        var full = First.Ticks * Math.Pow(2, failures - 1); // infinity, in the end, and no overflow
        return TimeSpan.FromTicks((long)(Math.Min(full, Most.Ticks) * (0.5 + (random / 2))));
    }
}
