using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Gives each way in which an attempt can fail one clear name.</summary>
internal static class DialErrors
{
    /// <summary>What an attempt has come to that was told to stop.</summary>
    /// <param name="verdict">Why: how the dial ends. Undecided: only this attempt's own time is over.</param>
    /// <param name="limit">The attempt's own time, and what set it.</param>
    /// <param name="local">What it was bound to.</param>
    /// <param name="address">Where it went.</param>
    public static (DialOutcome Outcome, ConnectionException? Error) OfStop(
        DialVerdict verdict, AttemptLimit limit, EndPoint? local, EndPoint address) => verdict switch
    {
        DialVerdict.Connected => (DialOutcome.Lost, null),
        DialVerdict.Cancelled => (DialOutcome.Cancelled, null),
        DialVerdict.DeadlineExceeded => (DialOutcome.TimedOut, new DeadlineExceededException("dial", local, address)),
        _ => (DialOutcome.TimedOut, limit.ToException(local, address)),
    };

    /// <summary>Makes the exception for what an attempt failed with.</summary>
    public static ConnectionException ToException(Exception exception, EndPoint? local, EndPoint address)
    {
        switch (exception)
        {
            case ConnectionException known:
                return known;

            // ENOENT, which .NET gives the same name as a local address that is not there.
            case SocketException { SocketErrorCode: SocketError.AddressNotAvailable } when address is UnixDomainSocketEndPoint:
                return Refused(exception, local, address, "there is no such socket");

            // EPROTOTYPE: a socket of another kind, as a datagram socket, is bound there.
            case SocketException { SocketErrorCode: SocketError.ProtocolType } when address is UnixDomainSocketEndPoint:
                return Refused(exception, local, address, "the socket there is not one for streams");

            case SocketException system:
                return SocketErrors.ToException(system, "dial", local, address);

            default:
                // What the user's own code threw: SocketOptions.Configure, or a callback of TLS.
                return new ConnectionException(ConnectionError.Unknown, "dial", local, address, exception, detail: exception.Message);
        }
    }

    /// <summary>Makes the exception for a host that has no address to go to. One for each dial, though the reason may be shared.</summary>
    public static ConnectionException ToException(HostAnswer answer, DnsEndPoint host)
    {
        var (error, detail) = answer.Failure switch
        {
            null when answer.Addresses.Count > 0 => (ConnectionError.HostNotFound, $"the host has no address of the family {host.AddressFamily}"),
            null => (ConnectionError.HostNotFound, null),
            SocketException exception => (SocketErrors.ToConnectionError(exception), null),
            var other => (ConnectionError.NameResolution, $"the host name could not be resolved, {other.Message}"),
        };
        if (error is not (ConnectionError.HostNotFound or ConnectionError.ResourceExhausted))
        {
            error = ConnectionError.NameResolution;
        }

        return new ConnectionException(error, "dial", remoteEndPoint: host, innerException: answer.Failure, detail: detail);
    }

    private static ConnectionException Refused(Exception cause, EndPoint? local, EndPoint address, string detail) =>
        new(ConnectionError.Refused, "dial", local, address, cause, detail: detail);
}
