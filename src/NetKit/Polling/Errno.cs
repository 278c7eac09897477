using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NetKit;

/// <summary>Names Linux's error numbers as .NET's sockets do. The numbers are those of x64 and arm64.</summary>
internal static class Errno
{
    public const int Interrupted = 4; // EINTR
    public const int TryAgain = 11; // EAGAIN

    /// <summary>Why the last system call of this thread failed.</summary>
    public static int Last => Marshal.GetLastSystemError();

    /// <summary>As <see cref="Last"/>, by the name that .NET has for it.</summary>
    public static SocketError LastSocketError => ToSocketError(Last);

    public static SocketError ToSocketError(int number) => number switch
    {
        // A call that does not wait is not interrupted in practice; if it was, nothing was done.
        TryAgain or Interrupted => SocketError.WouldBlock,
        1 or 13 => SocketError.AccessDenied, // EPERM, EACCES
        2 => SocketError.AddressNotAvailable, // ENOENT: a Unix socket's file, as .NET has it
        9 => SocketError.OperationAborted, // EBADF
        12 or 105 => SocketError.NoBufferSpaceAvailable, // ENOMEM, ENOBUFS
        14 => SocketError.Fault, // EFAULT
        22 => SocketError.InvalidArgument, // EINVAL
        23 or 24 => SocketError.TooManyOpenSockets, // ENFILE, EMFILE
        28 => SocketError.NoBufferSpaceAvailable, // ENOSPC: epoll has no room for one more
        32 => SocketError.Shutdown, // EPIPE
        71 => SocketError.ConnectionAborted, // EPROTO
        88 => SocketError.NotSocket, // ENOTSOCK
        90 => SocketError.MessageSize, // EMSGSIZE
        91 => SocketError.ProtocolType, // EPROTOTYPE
        92 => SocketError.ProtocolOption, // ENOPROTOOPT
        95 => SocketError.OperationNotSupported, // EOPNOTSUPP
        97 => SocketError.AddressFamilyNotSupported, // EAFNOSUPPORT
        98 => SocketError.AddressAlreadyInUse, // EADDRINUSE
        99 => SocketError.AddressNotAvailable, // EADDRNOTAVAIL
        100 => SocketError.NetworkDown, // ENETDOWN
        101 => SocketError.NetworkUnreachable, // ENETUNREACH
        102 => SocketError.NetworkReset, // ENETRESET
        103 => SocketError.ConnectionAborted, // ECONNABORTED
        104 => SocketError.ConnectionReset, // ECONNRESET
        106 => SocketError.IsConnected, // EISCONN
        107 => SocketError.NotConnected, // ENOTCONN
        110 => SocketError.TimedOut, // ETIMEDOUT
        111 => SocketError.ConnectionRefused, // ECONNREFUSED
        112 => SocketError.HostDown, // EHOSTDOWN
        113 => SocketError.HostUnreachable, // EHOSTUNREACH
        114 => SocketError.AlreadyInProgress, // EALREADY
        115 => SocketError.InProgress, // EINPROGRESS
        _ => SocketError.SocketError,
    };
}
