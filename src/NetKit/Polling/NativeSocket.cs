using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Asks a descriptor what .NET asks its sockets.</summary>
internal static unsafe class NativeSocket
{
    private static readonly EndPoint s_unix = new UnixDomainSocketEndPoint("/");

    /// <summary>Names this side's endpoint; null when the system does not tell.</summary>
    public static EndPoint? LocalEndPointOf(int descriptor)
    {
        var bytes = stackalloc byte[NativeAddress.LargestSize];
        var length = NativeAddress.LargestSize;
        return Libc.GetSocketName(descriptor, bytes, &length) == 0 ? ToEndPoint(new ReadOnlySpan<byte>(bytes, length)) : null;
    }

    /// <summary>Names the peer's endpoint; null when the system does not tell, as after a reset.</summary>
    public static EndPoint? RemoteEndPointOf(int descriptor)
    {
        var bytes = stackalloc byte[NativeAddress.LargestSize];
        var length = NativeAddress.LargestSize;
        return Libc.GetPeerName(descriptor, bytes, &length) == 0 ? ToEndPoint(new ReadOnlySpan<byte>(bytes, length)) : null;
    }

    /// <summary>Lets no call on the descriptor wait. Socket.Blocking does too, and starts the runtime's own engine, with descriptors of its own.</summary>
    public static void SetNonBlocking(int descriptor)
    {
        if (Libc.Control(descriptor, Libc.SetFlags, Libc.NonBlocking) < 0)
        {
            throw new SocketException((int)Errno.LastSocketError);
        }
    }

    /// <summary>Makes another descriptor of the same socket, which stays open until both are closed.</summary>
    public static int Duplicate(int descriptor)
    {
        var duplicate = Libc.Control(descriptor, Libc.DuplicateCloseOnExec, 0);
        return duplicate >= 0 ? duplicate : throw new SocketException((int)Errno.LastSocketError);
    }

    /// <summary>Accepts a client: its descriptor, non-blocking, or -1. The address is nothing for a Unix socket.</summary>
    public static int Accept(int listener, out NativeAddress address)
    {
        var bytes = stackalloc byte[NativeAddress.LargestSize];
        var length = NativeAddress.LargestSize;
        var accepted = Libc.Accept(listener, bytes, &length, Libc.CloseOnExec | Libc.NonBlocking);
        address = accepted < 0 ? default : NativeAddress.Read(new ReadOnlySpan<byte>(bytes, length));
        return accepted;
    }

    /// <summary>Makes .NET's view of a socket, which owns the descriptor from then on, unless this fails.</summary>
    public static Socket ToSocket(int descriptor)
    {
        var handle = new SafeSocketHandle(descriptor, ownsHandle: true);
        try
        {
            return new Socket(handle);
        }
        catch
        {
            // Or its finalizer would close the number, whoever has it by then.
            handle.SetHandleAsInvalid();
            throw;
        }
    }

    /// <summary>Begins to connect, or asks how that goes on: success, <see cref="SocketError.InProgress"/>, or why it failed.</summary>
    public static SocketError Connect(int descriptor, SocketAddress address)
    {
        fixed (byte* bytes = address.Buffer.Span)
        {
            if (Libc.Connect(descriptor, bytes, address.Size) == 0)
            {
                return SocketError.Success;
            }
        }

        // A call that a signal interrupts goes on by itself, as one that does not wait does.
        var status = Errno.Last == Errno.Interrupted ? SocketError.InProgress : Errno.LastSocketError;
        return status switch
        {
            SocketError.IsConnected => SocketError.Success,
            SocketError.AlreadyInProgress => SocketError.InProgress,
            _ => status,
        };
    }

    /// <summary>Tells whether a socket has connected to itself: the system picked the very port, at which nobody listens, for it.</summary>
    public static bool IsConnectedToItself(int descriptor, IPEndPoint remote)
    {
        var bytes = stackalloc byte[NativeAddress.LargestSize];
        var length = NativeAddress.LargestSize;
        return Libc.GetSocketName(descriptor, bytes, &length) == 0
            && NativeAddress.Read(new ReadOnlySpan<byte>(bytes, length)) is var local
            && local.Port == remote.Port
            && remote.Equals(local.ToEndPoint());
    }

    /// <summary>Closes a socket; a TCP peer gets a reset.</summary>
    public static void Reset(int descriptor)
    {
        var atOnce = new Libc.LingerTime { IsOn = 1 };
        _ = Libc.SetSocketOption(descriptor, Libc.SocketLevel, Libc.Linger, &atOnce, sizeof(Libc.LingerTime));
        _ = Libc.Close(descriptor);
    }

    private static EndPoint? ToEndPoint(ReadOnlySpan<byte> bytes)
    {
        if (NativeAddress.Read(bytes).ToEndPoint() is { } ip)
        {
            return ip;
        }

        if (bytes.Length < 2 || bytes[0] != (byte)AddressFamily.Unix)
        {
            return null;
        }

        var address = new SocketAddress(AddressFamily.Unix, Math.Max(bytes.Length, 2));
        bytes.CopyTo(address.Buffer.Span);
        return s_unix.Create(address);
    }
}
