using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Makes the socket of one attempt: its options set, bound, not connected.</summary>
internal static class DialSocket
{
    // Linux: level 0 is IPPROTO_IP, option 24 is IP_BIND_ADDRESS_NO_PORT. The port is picked when the socket connects, from
    // all that are free for that peer, and not from the few that are free for every peer.
    private const int IpLevel = 0;
    private const int BindAddressNoPort = 24;

    public static Socket Open(EndPoint address, DialerOptions options)
    {
        var socket = new Socket(
            address.AddressFamily, SocketType.Stream, address is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        try
        {
            if (DescriptorLimit.IsSpared(socket.Handle))
            {
                throw new ConnectionException(
                    ConnectionError.ResourceExhausted,
                    "dial",
                    options.LocalEndPoint,
                    address,
                    detail: "the process is about to run out of descriptors; raise its limit (ulimit -n)");
            }

            options.Socket.Apply(socket);
            if (options.LocalEndPoint is { } local)
            {
                Bind(socket, local);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Bind(Socket socket, EndPoint local)
    {
        if (OperatingSystem.IsLinux() && local is IPEndPoint { Port: 0 })
        {
            socket.SetRawSocketOption(IpLevel, BindAddressNoPort, BitConverter.GetBytes(1));
        }

        socket.Bind(local);
    }
}
