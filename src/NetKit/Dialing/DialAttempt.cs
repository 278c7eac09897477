using System.Globalization;
using System.Net;

namespace NetKit;

/// <summary>Tells how one attempt of a dial went: where to, how far, when, for how long, and how it ended.</summary>
/// <remarks>
/// There is one attempt for each address that was tried. A name resolution is an attempt only when the dial ended with it;
/// else the start of the first address's attempt tells how long it took. Immutable: safe to use from any thread.
/// </remarks>
public sealed class DialAttempt
{
    /// <summary>Describes an attempt.</summary>
    /// <param name="endPoint">The address that was tried; in a name resolution the host and port.</param>
    /// <param name="phase">How far it came.</param>
    /// <param name="started">When it began, counted from the beginning of the dial, all its rounds included.</param>
    /// <param name="elapsed">How long it took.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="error">Why it failed or timed out; null when it did neither.</param>
    /// <exception cref="ArgumentException">The outcome calls for an error and there is none, or the other way round.</exception>
    public DialAttempt(
        EndPoint endPoint, DialPhase phase, TimeSpan started, TimeSpan elapsed, DialOutcome outcome, ConnectionException? error = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        var hasFailed = outcome is DialOutcome.Failed or DialOutcome.TimedOut;
        if (hasFailed != error is not null)
        {
            throw new ArgumentException(
                $"An attempt with the outcome {outcome} {(hasFailed ? "needs an error" : "has no error")}.", nameof(error));
        }

        EndPoint = endPoint;
        Phase = phase;
        Started = started;
        Elapsed = elapsed;
        Outcome = outcome;
        Error = error;
    }

    /// <summary>Names the address that was tried; in a name resolution the host and port.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>Tells how far it came: in which phase it ended.</summary>
    public DialPhase Phase { get; }

    /// <summary>Tells when it began, counted from the beginning of the dial.</summary>
    /// <remarks>That of a <see cref="RetryingDialer"/> is the whole of its dial, from the first round on.</remarks>
    public TimeSpan Started { get; }

    /// <summary>Tells how long it took.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Tells how it ended.</summary>
    public DialOutcome Outcome { get; }

    /// <summary>Tells why it failed or timed out; null when it did neither.</summary>
    public ConnectionException? Error { get; }

    /// <summary>Describes the attempt: "10.0.0.7:443 at 250 ms: connect failed after 0.3 ms, connection refused, nobody listens there".</summary>
    public override string ToString()
    {
        var (endPoint, happened, cause) = Fate;
        var text = $"{endPoint} at {Milliseconds(Started)}: {happened} after {Milliseconds(Elapsed)}";
        return cause is null ? text : $"{text}, {cause}";
    }

    /// <summary>The same, counted from an earlier beginning.</summary>
    internal DialAttempt Later(TimeSpan before) =>
        before == TimeSpan.Zero ? this : new DialAttempt(EndPoint, Phase, before + Started, Elapsed, Outcome, Error);

    /// <summary>What happened, without when: what attempts that went the same way have in common.</summary>
    internal (string EndPoint, string Happened, string? Cause) Fate => (ErrorSentence.Format(EndPoint), $"{NameOf(Phase)} {NameOf(Outcome)}", Error?.Cause);

    internal static string Milliseconds(TimeSpan time) => time.TotalMilliseconds switch
    {
        0 => "0 ms",
        < 10 and > -10 and var few => string.Create(CultureInfo.InvariantCulture, $"{few:0.0##} ms"),
        var many => string.Create(CultureInfo.InvariantCulture, $"{many:0} ms"),
    };

    private static string NameOf(DialPhase phase) => phase switch
    {
        DialPhase.NameResolution => "name resolution",
        DialPhase.Connect => "connect",
        DialPhase.Tls => "TLS handshake",
        _ => phase.ToString(),
    };

    private static string NameOf(DialOutcome outcome) => outcome switch
    {
        DialOutcome.Connected => "succeeded",
        DialOutcome.Failed => "failed",
        DialOutcome.TimedOut => "timed out",
        DialOutcome.Lost => "lost to a faster one",
        DialOutcome.Cancelled => "was cancelled",
        _ => outcome.ToString(),
    };
}
