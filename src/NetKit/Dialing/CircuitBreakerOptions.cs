namespace NetKit;

/// <summary>Sets when an endpoint counts as down, and how long it is left alone then. Each endpoint has a circuit of its own.</summary>
/// <remarks>Plain values, read and checked when a <see cref="RetryingDialer"/> is made.</remarks>
public sealed class CircuitBreakerOptions
{
    // The window is kept in ten parts, and a part of less than a timer's step tells nothing.
    private static readonly TimeSpan s_shortestSampling = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    /// <summary>Sets the share of failed dials at which the circuit opens. Default: 0.5. Above 0, at most 1.</summary>
    public double FailureRatio { get; set; } = 0.5;

    /// <summary>Sets how many dials it takes, within <see cref="SamplingDuration"/>, to judge by. Default: 3. At least 1.</summary>
    public int MinimumThroughput { get; set; } = 3;

    /// <summary>Sets how far back dials count. Default: 10 s. From 100 ms to a day.</summary>
    public TimeSpan SamplingDuration { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Sets how long the circuit stays open before a single dial may probe the endpoint; doubles with each probe that fails. Default: 1 s.</summary>
    /// <remarks>
    /// 20 % more or less, at random, so that clients do not probe as one. A probe that takes longer is joined by another; the first of
    /// them to end decides. More than zero, at most <see cref="MaxBreakDuration"/>.
    /// </remarks>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Limits the doubling of <see cref="BreakDuration"/>, before the random 20 %. Default: 30 s. At most a day.</summary>
    public TimeSpan MaxBreakDuration { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Copies and checks the values, so that later changes by the user have no effect.</summary>
    internal CircuitBreakerOptions Validated()
    {
        OptionCheck.Require<CircuitBreakerOptions>(FailureRatio > 0 && FailureRatio <= 1, nameof(FailureRatio), FailureRatio, "above 0 and at most 1");
        OptionCheck.Require<CircuitBreakerOptions>(MinimumThroughput >= 1, nameof(MinimumThroughput), MinimumThroughput, "at least 1");
        OptionCheck.Require<CircuitBreakerOptions>(
            SamplingDuration >= s_shortestSampling && SamplingDuration <= s_longest,
            nameof(SamplingDuration), SamplingDuration, "from 100 ms to a day");
        OptionCheck.Require<CircuitBreakerOptions>(
            MaxBreakDuration > TimeSpan.Zero && MaxBreakDuration <= s_longest,
            nameof(MaxBreakDuration), MaxBreakDuration, "more than zero and at most a day");
        OptionCheck.Require<CircuitBreakerOptions>(
            BreakDuration > TimeSpan.Zero && BreakDuration <= MaxBreakDuration,
            nameof(BreakDuration), BreakDuration, $"more than zero and at most {nameof(MaxBreakDuration)}, which is {MaxBreakDuration}");
        return (CircuitBreakerOptions)MemberwiseClone();
    }
}
