using System.Net;

namespace NetKit;

/// <summary>The time that one attempt has for itself, within that of the dial.</summary>
/// <param name="Timeout">How long; infinite when it has all that the dial has left.</param>
/// <param name="Adaptive">What learns from the attempt, also when it has less time than that allows; null when nothing does.</param>
/// <param name="IsAdaptive">Whether that set the time; else it is the attempt's share of what the dial has left.</param>
internal readonly record struct AttemptLimit(TimeSpan Timeout, AdaptiveTimeout? Adaptive, bool IsAdaptive)
{
    public static AttemptLimit None { get; } = new(System.Threading.Timeout.InfiniteTimeSpan, null, false);

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
            return new AttemptLimit(current, adaptive, true);
        }

        return new AttemptLimit(share < remaining ? share : System.Threading.Timeout.InfiniteTimeSpan, adaptive, false);
    }

    /// <summary>Makes the exception for an attempt that took longer.</summary>
    public ConnectionException ToException(EndPoint? local, EndPoint address) => new(
        ConnectionError.TimedOut,
        "dial",
        local,
        address,
        new TimeoutException(),
        detail: $"no answer within {ErrorSentence.Format(Timeout)}, {(IsAdaptive ? nameof(DialerOptions.AttemptTimeout) : "its share of the time for the dial")}");
}
