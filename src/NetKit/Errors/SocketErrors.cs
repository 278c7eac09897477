using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Maps what the system reports to a <see cref="ConnectionError"/>. The only switch over <see cref="SocketError"/>.</summary>
internal static class SocketErrors
{
    // Linux errno values that .NET maps to no SocketError.
    private const int OutOfMemory = 12;
    private const int ProtocolError = 71;

    /// <summary>Names the reason behind a socket error.</summary>
    public static ConnectionError ToConnectionError(SocketError error) => error switch
    {
        SocketError.TimedOut => ConnectionError.TimedOut,
        SocketError.ConnectionReset or SocketError.NetworkReset or SocketError.Disconnecting => ConnectionError.Reset,
        // EPIPE: we write, and the peer is gone. Our own half-close is told apart before the system is asked.
        SocketError.Shutdown => ConnectionError.Reset,
        SocketError.ConnectionAborted => ConnectionError.Aborted,
        SocketError.ConnectionRefused => ConnectionError.Refused,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown
            or SocketError.NetworkDown => ConnectionError.Unreachable,
        SocketError.HostNotFound or SocketError.NoData => ConnectionError.HostNotFound,
        SocketError.TryAgain or SocketError.NoRecovery => ConnectionError.NameResolution,
        SocketError.AddressAlreadyInUse => ConnectionError.AddressInUse,
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported
            or SocketError.ProtocolFamilyNotSupported => ConnectionError.AddressNotAvailable,
        SocketError.AccessDenied => ConnectionError.AccessDenied,
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable
            or SocketError.ProcessLimit => ConnectionError.ResourceExhausted,
        SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket
            or SocketError.NotConnected => ConnectionError.Closed,
        _ => ConnectionError.Unknown,
    };

    /// <summary>Names the reason behind a socket exception, also where .NET knows no name for the system's error.</summary>
    public static ConnectionError ToConnectionError(SocketException exception) =>
        exception.SocketErrorCode is SocketError.SocketError && exception.NativeErrorCode == OutOfMemory
            ? ConnectionError.ResourceExhausted
            : ToConnectionError(exception.SocketErrorCode);

    /// <summary>Makes the exception for a failed operation.</summary>
    public static ConnectionException ToException(
        SocketException cause, string operation, EndPoint? local, EndPoint? remote, long bytesTransferred = 0)
    {
        var error = ToConnectionError(cause);
        var detail = error == ConnectionError.Unknown ? cause.Message : null;
        return new ConnectionException(error, operation, local, remote, cause, bytesTransferred, detail);
    }

    /// <summary>Tells whether an accept failed because of the client that was being accepted: go on at once.</summary>
    public static bool IsPeerAbort(SocketException exception) =>
        exception.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset
            or SocketError.NetworkDown or SocketError.HostDown or SocketError.HostUnreachable or SocketError.NetworkUnreachable
            or SocketError.ProtocolOption or SocketError.TimedOut
        || (exception.SocketErrorCode is SocketError.SocketError && exception.NativeErrorCode == ProtocolError);

    /// <summary>Tells whether an accept failed for want of descriptors, buffers or memory: try again later.</summary>
    public static bool IsResourcePressure(SocketException exception) =>
        ToConnectionError(exception) == ConnectionError.ResourceExhausted;

    /// <summary>Tells whether a connect failed because this machine does not have that kind of address at all; another kind may do.</summary>
    public static bool IsUnsupportedFamily(SocketException exception) =>
        exception.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.ProtocolFamilyNotSupported
            or SocketError.SocketNotSupported or SocketError.ProtocolNotSupported or SocketError.ProtocolType;

    /// <summary>Tells whether a connect found the listener's backlog full: Unix sockets say so at once, where TCP waits.</summary>
    public static bool IsBacklogFull(SocketException exception) => exception.SocketErrorCode == SocketError.WouldBlock;

    /// <summary>Tells whether the resolver failed for good, and not just for now.</summary>
    public static bool IsLastingResolverFailure(SocketException exception) => exception.SocketErrorCode == SocketError.NoRecovery;
}
