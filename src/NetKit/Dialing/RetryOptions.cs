namespace NetKit;

/// <summary>Sets how often, and how patiently, a failed dial is tried again.</summary>
/// <remarks>Plain values, read and checked when a <see cref="RetryingDialer"/> is made.</remarks>
public sealed class RetryOptions
{
    // What one timer can wait with ease; longer makes no sense for a caller who waits for a connection.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    internal static RetryOptions Default { get; } = new();

    /// <summary>Limits how often a dial is tried again. Default: 4, which makes five rounds. Zero: never.</summary>
    /// <remarks>
    /// A dial ends with this or with <see cref="TotalTimeout"/>, whichever comes first. Against a peer that refuses at once the four
    /// retries of the default are over within three quarters of a second, so a long <see cref="TotalTimeout"/> is never used: to
    /// wait that long for a peer that is late, set this to <see cref="int.MaxValue"/>.
    /// </remarks>
    public int MaxRetryAttempts { get; set; } = 4;

    /// <summary>Sets the longest wait before the first retry. Default: 50 ms. Zero: retry at once, every time. At most <see cref="MaxDelay"/>.</summary>
    /// <remarks>
    /// Each wait is drawn evenly between 10 ms (a fifth of the range, if that is less) and its longest, and runs from the start of
    /// the round that failed: a round that took longer to fail is followed by the next at once.
    /// </remarks>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Sets by what the longest wait grows from retry to retry. Default: 2. At least 1, which keeps it as it is.</summary>
    public double Multiplier { get; set; } = 2;

    /// <summary>Limits the growth of the longest wait; waits are still drawn at random below it. Default: 2 s. At most a day.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Limits the time of all rounds and waits together. Default (null): only the inner dialer's limits and the token do. At most a day.</summary>
    /// <remarks>
    /// A retry that could not finish in what is left is not begun: the dial fails then, not at the limit. When the wait that was drawn
    /// is too long, one last wait is drawn from what is left. The dial ends sooner still when <see cref="MaxRetryAttempts"/> is
    /// used up, as four retries of a refused dial are in less than a second.
    /// </remarks>
    public TimeSpan? TotalTimeout { get; set; }

    /// <summary>Decides which failures are worth a retry, in place of the rules of <see cref="RetryingDialer"/>. Default (null): those rules.</summary>
    /// <remarks>
    /// Asked after every failed round, from several threads at once; not about the caller's own cancellation.
    /// What counts for the circuit breaker stays as it is. What it throws is what the dial fails with.
    /// </remarks>
    public Func<ConnectionException, bool>? ShouldRetry { get; set; }

    /// <summary>Keeps dials away from an endpoint that fails again and again. Default (null): no circuit breaker.</summary>
    public CircuitBreakerOptions? CircuitBreaker { get; set; }

    /// <summary>Copies and checks the values, so that later changes by the user have no effect.</summary>
    internal RetryOptions Validated()
    {
        OptionCheck.Require<RetryOptions>(MaxRetryAttempts >= 0, nameof(MaxRetryAttempts), MaxRetryAttempts, "at least 0");
        OptionCheck.Require<RetryOptions>(MaxDelay >= TimeSpan.Zero && MaxDelay <= s_longest, nameof(MaxDelay), MaxDelay, "from zero to a day");
        OptionCheck.Require<RetryOptions>(Delay >= TimeSpan.Zero && Delay <= MaxDelay, nameof(Delay), Delay, $"from zero to {nameof(MaxDelay)}, which is {ErrorSentence.Format(MaxDelay)}");
        OptionCheck.Require<RetryOptions>(Multiplier >= 1 && double.IsFinite(Multiplier), nameof(Multiplier), Multiplier, "a number of at least 1");
        OptionCheck.Require<RetryOptions>(
            TotalTimeout is not { } limit || (limit > TimeSpan.Zero && limit <= s_longest),
            nameof(TotalTimeout), TotalTimeout, "more than zero and at most a day, or null for no limit");
        var copy = (RetryOptions)MemberwiseClone();
        copy.CircuitBreaker = CircuitBreaker?.Validated();
        return copy;
    }
}
