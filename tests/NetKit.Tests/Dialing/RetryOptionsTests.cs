namespace NetKit.Tests.Dialing;

public sealed class RetryOptionsTests
{
    private static readonly IDialer s_dialer = new ScriptedDialer();

    [Fact]
    public void Defaults_are_those_of_the_documentation()
    {
        var options = new RetryOptions();
        Assert.Equal(4, options.MaxRetryAttempts);
        Assert.Equal(TimeSpan.FromMilliseconds(50), options.Delay);
        Assert.Equal(2, options.Multiplier);
        Assert.Equal(TimeSpan.FromSeconds(2), options.MaxDelay);
        Assert.Null(options.TotalTimeout);
        Assert.Null(options.ShouldRetry);
        Assert.Null(options.CircuitBreaker);

        var breaker = new CircuitBreakerOptions();
        Assert.Equal(0.5, breaker.FailureRatio);
        Assert.Equal(3, breaker.MinimumThroughput);
        Assert.Equal(TimeSpan.FromSeconds(10), breaker.SamplingDuration);
        Assert.Equal(TimeSpan.FromSeconds(1), breaker.BreakDuration);
        Assert.Equal(TimeSpan.FromSeconds(30), breaker.MaxBreakDuration);
    }

    public static TheoryData<string, object, RetryOptions> Nonsense => new()
    {
        { "MaxRetryAttempts", -1, new RetryOptions { MaxRetryAttempts = -1 } },
        { "Delay", TimeSpan.FromTicks(-1), new RetryOptions { Delay = TimeSpan.FromTicks(-1) } },
        { "Delay", TimeSpan.FromSeconds(3), new RetryOptions { Delay = TimeSpan.FromSeconds(3) } },
        { "Multiplier", 0.99, new RetryOptions { Multiplier = 0.99 } },
        { "Multiplier", double.NaN, new RetryOptions { Multiplier = double.NaN } },
        { "Multiplier", double.PositiveInfinity, new RetryOptions { Multiplier = double.PositiveInfinity } },
        { "MaxDelay", Timeout.InfiniteTimeSpan, new RetryOptions { MaxDelay = Timeout.InfiniteTimeSpan } },
        { "MaxDelay", TimeSpan.FromDays(2), new RetryOptions { MaxDelay = TimeSpan.FromDays(2) } },
        { "TotalTimeout", TimeSpan.Zero, new RetryOptions { TotalTimeout = TimeSpan.Zero } },
        { "TotalTimeout", TimeSpan.MaxValue, new RetryOptions { TotalTimeout = TimeSpan.MaxValue } },
        { "FailureRatio", 0.0, With(new CircuitBreakerOptions { FailureRatio = 0 }) },
        { "FailureRatio", double.NaN, With(new CircuitBreakerOptions { FailureRatio = double.NaN }) },
        { "FailureRatio", 1.1, With(new CircuitBreakerOptions { FailureRatio = 1.1 }) },
        { "MinimumThroughput", 0, With(new CircuitBreakerOptions { MinimumThroughput = 0 }) },
        { "SamplingDuration", TimeSpan.FromMilliseconds(99), With(new CircuitBreakerOptions { SamplingDuration = TimeSpan.FromMilliseconds(99) }) },
        { "BreakDuration", TimeSpan.Zero, With(new CircuitBreakerOptions { BreakDuration = TimeSpan.Zero }) },
        { "BreakDuration", TimeSpan.FromSeconds(31), With(new CircuitBreakerOptions { BreakDuration = TimeSpan.FromSeconds(31) }) },
        { "MaxBreakDuration", TimeSpan.FromDays(2), With(new CircuitBreakerOptions { MaxBreakDuration = TimeSpan.FromDays(2) }) },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void Nonsense_is_refused_by_property_and_value(string property, object value, RetryOptions options)
    {
        var refusal = Assert.Throws<ArgumentOutOfRangeException>(() => new RetryingDialer(s_dialer, options));
        Assert.Equal(property, refusal.ParamName);
        Assert.Equal(value, refusal.ActualValue);
        Assert.Contains($"Options.{property} must be ", refusal.Message, StringComparison.Ordinal);
    }

    private static RetryOptions With(CircuitBreakerOptions breaker) => new() { CircuitBreaker = breaker };
}
