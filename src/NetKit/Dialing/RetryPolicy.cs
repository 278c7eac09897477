using System.Net;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Holds what all dials of a <see cref="RetryingDialer"/> share: the options, the clock, and what is known of each endpoint.</summary>
internal sealed class RetryPolicy
{
    // A flood of endpoints costs a few hundred bytes each up to here, and then pushes out the longest unused.
    private const int MostEndPoints = 4_096;

    // Longer than any window or break that is of use to somebody who dials so seldom.
    private static readonly TimeSpan s_leastIdleTime = TimeSpan.FromMinutes(5);

    private readonly EndPointTable<EndPointRecord> _records;
    private readonly Random _random;

    public RetryPolicy(RetryOptions options, Random random, ILogger logger, TimeProvider? clock)
    {
        (Options, _random, Logger, Clock) = (options, random, logger, clock);
        Backoff = new Backoff(options.Delay, options.Multiplier, options.MaxDelay);
        _records = new EndPointTable<EndPointRecord>(CreateRecord, MostEndPoints, IdleTime(options.CircuitBreaker), clock);
    }

    public RetryOptions Options { get; }

    public ILogger Logger { get; }

    public TimeProvider? Clock { get; }

    public Backoff Backoff { get; }

    public double Random() => _random.NextDouble();

    /// <summary>What is known of an endpoint; null when nothing needs to be.</summary>
    public EndPointRecord? RecordOf(EndPoint endPoint) =>
        Options.CircuitBreaker is not null || endPoint is DnsEndPoint ? _records.Get(endPoint) : null;

    private EndPointRecord CreateRecord(EndPoint endPoint) =>
        new(endPoint, Options.CircuitBreaker is { } breaker ? new Circuit(breaker, _random, Clock) : null, Logger);

    private static TimeSpan IdleTime(CircuitBreakerOptions? breaker)
    {
        var needed = breaker is null ? TimeSpan.Zero : breaker.SamplingDuration + (2 * breaker.MaxBreakDuration);
        return needed > s_leastIdleTime ? needed : s_leastIdleTime;
    }
}
