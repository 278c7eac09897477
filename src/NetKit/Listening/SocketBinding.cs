using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Makes listening sockets, and gives every way this fails one clear name.</summary>
internal static class SocketBinding
{
    // Linux: level 1 is SOL_SOCKET, option 15 is SO_REUSEPORT. .NET's own ReuseAddress would set it unasked.
    private const int SocketLevel = 1;
    private const int ReusePort = 15;

    public static Socket Listen(EndPoint endPoint, ListenerOptions options)
    {
        // As in Go: an IPv4 address in the form of an IPv6 one is that IPv4 address. The system would not bind to it.
        if (endPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped)
        {
            endPoint = new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port);
        }

        var socket = endPoint switch
        {
            IPEndPoint => Create(endPoint.AddressFamily, ProtocolType.Tcp, endPoint),
            UnixDomainSocketEndPoint => Create(AddressFamily.Unix, ProtocolType.Unspecified, endPoint),
            _ => throw new ArgumentException(
                $"A listener binds to an IPEndPoint or a UnixDomainSocketEndPoint; {ErrorSentence.Format(endPoint)} is a {endPoint.GetType().Name}.",
                nameof(endPoint)),
        };

        try
        {
            Prepare(socket, endPoint, options);
            socket.Bind(endPoint);
            if (endPoint is UnixDomainSocketEndPoint unix && options.UnixSocketMode is { } mode)
            {
                // Before Listen: until then nobody can connect under the mode that the umask gave.
                UnixSocketFile.SetMode(unix, mode);
            }

            socket.Listen(options.Backlog);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw Failure(exception, endPoint);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not ConnectionException))
        {
            socket.Dispose();
            throw new ConnectionException(
                ConnectionError.AccessDenied, "listen", endPoint, innerException: exception, detail: exception.Message);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket Create(AddressFamily family, ProtocolType protocol, EndPoint endPoint)
    {
        try
        {
            return new Socket(family, SocketType.Stream, protocol);
        }
        catch (SocketException exception)
        {
            throw Failure(exception, endPoint);
        }
    }

    private static void Prepare(Socket socket, EndPoint endPoint, ListenerOptions options)
    {
        if (endPoint is UnixDomainSocketEndPoint unix)
        {
            UnixSocketFile.RemoveIfStale(unix);
        }
        else
        {
            if (endPoint is IPEndPoint { AddressFamily: AddressFamily.InterNetworkV6 } ip)
            {
                socket.DualMode = options.DualMode && ip.Address.Equals(IPAddress.IPv6Any);
            }

            if (OperatingSystem.IsWindows())
            {
                // What Unix does by itself: nobody else can take the port while we hold it.
                socket.ExclusiveAddressUse = true;
            }

            if (options.ReusePort)
            {
                socket.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));
            }
        }

        // Linux hands these down to every accepted socket; there they cost nothing.
        options.Socket.ApplyToListener(socket);
    }

    private static ConnectionException Failure(SocketException exception, EndPoint endPoint)
    {
        var error = SocketErrors.ToConnectionError(exception);
        var detail = error switch
        {
            ConnectionError.AddressInUse => "the address is in use already by another listener",
            ConnectionError.AccessDenied when endPoint is IPEndPoint { Port: < 1024 and > 0 } ip => $"access denied, ports below 1024 such as {ip.Port} need a privilege",
            ConnectionError.AddressNotAvailable when endPoint is UnixDomainSocketEndPoint => "there is no such folder",
            ConnectionError.Unknown => exception.Message,
            _ => null,
        };
        return new ConnectionException(error, "listen", endPoint, remoteEndPoint: null, exception, detail: detail);
    }
}
