namespace NetKit;

/// <summary>Sets how a timeout adapts.</summary>
/// <remarks>Plain values, read and checked when an <see cref="AdaptiveTimeout"/> is made.</remarks>
public sealed class AdaptiveTimeoutOptions
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    internal static AdaptiveTimeoutOptions Default { get; } = new();

    /// <summary>Sets the part of the attempts that the measured latency must cover. Default: 0.997. From 0.5 to 0.9999.</summary>
    public double Quantile { get; set; } = 0.997;

    /// <summary>Multiplies the measured quantile. Default: 1.25. From 1 to 10.</summary>
    public double SafetyFactor { get; set; } = 1.25;

    /// <summary>Sets the shortest timeout. Default: 10 milliseconds. At least a millisecond.</summary>
    public TimeSpan Minimum { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Sets the longest timeout, which is also the one to begin with. Default: 30 seconds. At least <see cref="Minimum"/>, at most a day.</summary>
    public TimeSpan Maximum { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Sets how long a measured latency counts. Default: one minute. From a second to a day.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Sets how many attempts are measured before the timeout leaves <see cref="Maximum"/>. Default: 20. From 1 to 200.</summary>
    public int ColdStartSamples { get; set; } = 20;

    /// <summary>Copies and checks the values, so that later changes by the user have no effect.</summary>
    internal AdaptiveTimeoutOptions Validated()
    {
        Check(Quantile is >= 0.5 and <= 0.9999, nameof(Quantile), Quantile, "from 0.5 to 0.9999");
        Check(SafetyFactor is >= 1 and <= 10, nameof(SafetyFactor), SafetyFactor, "from 1 to 10");
        Check(Minimum >= TimeSpan.FromMilliseconds(1), nameof(Minimum), Minimum, "at least a millisecond");
        Check(Maximum <= s_longest, nameof(Maximum), Maximum, "at most a day");
        Check(Maximum >= Minimum, nameof(Maximum), Maximum, $"at least {nameof(Minimum)}, which is {Minimum}");
        Check(Window >= TimeSpan.FromSeconds(1) && Window <= s_longest, nameof(Window), Window, "from a second to a day");
        Check(ColdStartSamples is >= 1 and <= 200, nameof(ColdStartSamples), ColdStartSamples, "from 1 to 200");
        return (AdaptiveTimeoutOptions)MemberwiseClone();
    }

    private static void Check(bool valid, string property, object value, string allowed)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(property, value, $"{nameof(AdaptiveTimeoutOptions)}.{property} must be {allowed}.");
        }
    }
}
