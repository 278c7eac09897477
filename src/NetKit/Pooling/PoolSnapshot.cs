using System.Globalization;

namespace NetKit;

/// <summary>What a pool looked like when somebody got nothing from it, and what could be done about it.</summary>
/// <param name="Statistics">The counts.</param>
/// <param name="OldestLease">How long the longest lease had lasted; null when there was none.</param>
/// <param name="DialError">What the last dial failed with; null when it had not.</param>
internal sealed record PoolSnapshot(ConnectionPoolStatistics Statistics, TimeSpan? OldestLease, Exception? DialError)
{
    /// <summary>Describes it in one sentence that ends with the knob to turn.</summary>
    public string Describe(ConnectionPoolOptions options)
    {
        var (idle, leased, dialing, waiting, _, _, _) = Statistics;
        var oldest = OldestLease is { } age
            ? string.Create(CultureInfo.InvariantCulture, $", the longest for {age.TotalSeconds:0.###} s")
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{idle} connections are idle, {leased} leased{oldest}, {dialing} being dialed, {waiting} callers wait; {Advice(options)}");
    }

    private string Advice(ConnectionPoolOptions options)
    {
        if (DialError is not null)
        {
            return $"the last dial failed: {DialError.Message}";
        }

        if (Statistics.Leased + Statistics.Idle >= options.MaxConnections)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"raise {nameof(ConnectionPoolOptions.MaxConnections)} ({options.MaxConnections}), or return leases sooner");
        }

        // More dials at once help only where there is room for them.
        var hasRoom = Statistics.Leased + Statistics.Idle + Statistics.Dialing < options.MaxConnections;
        return hasRoom && Statistics.Dialing >= options.MaxConcurrentDials
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"raise {nameof(ConnectionPoolOptions.MaxConcurrentDials)} ({options.MaxConcurrentDials}), or see why dials take long")
            : $"see why dials take long, or raise {nameof(ConnectionPoolOptions.AcquireTimeout)}";
    }
}
