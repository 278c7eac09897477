using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace NetKit;

/// <summary>Sorts failed dials by what they mean for the next one.</summary>
/// <remarks>In order of weight: when the addresses of one host failed differently, the weightiest failure speaks for the round.</remarks>
internal enum DialFailure
{
    /// <summary>Given up or closed on this side, or refused by an open circuit: tells nothing about the peer.</summary>
    Ours,

    /// <summary>What was asked for makes no sense here; the next time neither.</summary>
    Unsupported,

    /// <summary>No way there, for now.</summary>
    Unreachable,

    /// <summary>This user may not.</summary>
    Denied,

    /// <summary>The resolver says that there is no such host.</summary>
    HostUnknown,

    /// <summary>The resolver cannot say.</summary>
    ResolverBusy,

    /// <summary>This machine has run out of descriptors, ports or buffers: not the peer's fault, and not over soon.</summary>
    Exhausted,

    /// <summary>The peer refuses, resets or does not answer.</summary>
    PeerDown,

    /// <summary>The peer answers, but not as the one it should be, or not in TLS that both know.</summary>
    Untrusted,
}

/// <summary>The rules for failed dials.</summary>
internal static class DialFailures
{
    /// <summary>Sorts a failed round.</summary>
    public static DialFailure Classify(ConnectionException exception)
    {
        if (exception is not DialException { Attempts: { Count: > 0 } attempts })
        {
            return ClassifyOne(exception);
        }

        var weightiest = DialFailure.Ours;
        foreach (var attempt in attempts)
        {
            var failure = Classify(attempt);
            weightiest = failure > weightiest ? failure : weightiest;
        }

        return weightiest;
    }

    /// <summary>Tells whether another round may fare better.</summary>
    public static bool IsWorthARetry(this DialFailure failure) => failure is DialFailure.PeerDown or DialFailure.Unreachable
        or DialFailure.Exhausted or DialFailure.ResolverBusy or DialFailure.HostUnknown;

    /// <summary>Tells whether the failure counts against the endpoint.</summary>
    public static bool BlamesThePeer(this DialFailure failure) => failure is DialFailure.PeerDown or DialFailure.Unreachable;

    /// <summary>Tells whether the name of the host had led to an address by then.</summary>
    public static bool IsPastTheResolver(this DialFailure failure) => failure is DialFailure.PeerDown or DialFailure.Unreachable
        or DialFailure.Denied or DialFailure.Untrusted;

    /// <summary>The shortest time in which what failed can have changed; a wait drawn at random comes on top.</summary>
    public static TimeSpan LeastWait(this DialFailure failure) => failure switch
    {
        DialFailure.Exhausted => TimeSpan.FromMilliseconds(250),
        DialFailure.HostUnknown => TimeSpan.FromMilliseconds(100),
        _ => TimeSpan.Zero,
    };

    private static DialFailure Classify(DialAttempt attempt) => attempt switch
    {
        { Error: null } => DialFailure.Ours,
        // The time is over, and nobody has talked to the peer yet.
        { Phase: DialPhase.NameResolution, Outcome: DialOutcome.TimedOut } => DialFailure.ResolverBusy,
        { Error: var error } => ClassifyOne(error),
    };

    private static DialFailure ClassifyOne(ConnectionException exception) => exception.Error switch
    {
        ConnectionError.Refused or ConnectionError.Reset or ConnectionError.Aborted or ConnectionError.TimedOut
            or ConnectionError.DeadlineExceeded => DialFailure.PeerDown,
        ConnectionError.Unreachable => DialFailure.Unreachable,
        ConnectionError.ResourceExhausted or ConnectionError.AddressInUse => DialFailure.Exhausted,
        ConnectionError.AddressNotAvailable => ClassifyAddress(exception),
        ConnectionError.NameResolution => ClassifyResolution(exception.InnerException),
        ConnectionError.HostNotFound => DialFailure.HostUnknown,
        ConnectionError.AccessDenied => DialFailure.Denied,
        ConnectionError.TlsFailed => ClassifyHandshake(exception.InnerException),
        ConnectionError.Unknown => Cause(exception) is { } cause && SocketErrors.IsBacklogFull(cause)
            ? DialFailure.PeerDown
            : DialFailure.Unsupported,
        _ => DialFailure.Ours,
    };

    // A name that is too long, say, is refused before anybody is asked.
    private static DialFailure ClassifyResolution(Exception? cause) => cause switch
    {
        ArgumentException => DialFailure.Unsupported,
        SocketException refused when SocketErrors.IsLastingResolverFailure(refused) => DialFailure.Unsupported,
        _ => DialFailure.ResolverBusy,
    };

    // What is neither a disagreement nor a broken connection went wrong on this side: in a callback, say.
    private static DialFailure ClassifyHandshake(Exception? cause) => cause switch
    {
        AuthenticationException => DialFailure.Untrusted,
        null or IOException => DialFailure.PeerDown,
        _ => DialFailure.Unsupported,
    };

    // Of a Unix socket it is the path that is not there: its server has not started yet. Of TCP, the local ports have run out.
    private static DialFailure ClassifyAddress(ConnectionException exception) =>
        Cause(exception) is { } cause && SocketErrors.IsUnsupportedFamily(cause) ? DialFailure.Unsupported
            : exception.RemoteEndPoint is UnixDomainSocketEndPoint ? DialFailure.PeerDown
            : DialFailure.Exhausted;

    private static SocketException? Cause(ConnectionException exception) => exception.InnerException as SocketException;
}
