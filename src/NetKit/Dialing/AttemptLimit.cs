using System.Globalization;
using System.Net;

namespace NetKit;

/// <summary>The time that one attempt has for itself, within that of the dial.</summary>
/// <param name="Timeout">How long; infinite when it has all that the dial has left.</param>
/// <param name="Adaptive">What said so; null when it is its share of what the dial has left.</param>
internal readonly record struct AttemptLimit(TimeSpan Timeout, AdaptiveTimeout? Adaptive)
{
    public static AttemptLimit None { get; } = new(System.Threading.Timeout.InfiniteTimeSpan, null);

    /// <summary>Finds the limit of an attempt that starts now.</summary>
    /// <param name="remaining">What the dial has left.</param>
    /// <param name="left">How many addresses wait or begin now.</param>
    /// <param name="lanes">How many attempts may be under way.</param>
    /// <param name="adaptive">What knows how long attempts take; null when nothing does.</param>
    public static AttemptLimit Of(TimeSpan remaining, int left, int lanes, AdaptiveTimeout? adaptive)
    {
        var share = AttemptShare.Of(remaining, left, lanes);
        if (adaptive?.Current is { } current && current <= share)
        {
            return new AttemptLimit(current, adaptive);
        }

        return share < remaining ? new AttemptLimit(share, null) : None;
    }

    /// <summary>Makes the exception for an attempt that took longer.</summary>
    public ConnectionException ToException(EndPoint? local, EndPoint address) => new(
        ConnectionError.TimedOut,
        "dial",
        local,
        address,
        new TimeoutException(),
        detail: string.Create(
            CultureInfo.InvariantCulture,
            $"no answer within {Timeout.TotalMilliseconds:0.###} ms, {(Adaptive is null ? "its share of the time for the dial" : nameof(DialerOptions.AttemptTimeout))}"));
}
