using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>The socket of a client that was accepted, as the engine that accepted it has it.</summary>
internal readonly struct AcceptedClient
{
    public AcceptedClient(Socket socket)
    {
        Socket = socket;
        Descriptor = (int)socket.Handle;
    }

    public AcceptedClient(int descriptor, in NativeAddress address)
    {
        Descriptor = descriptor;
        NativeAddress = address;
    }

    /// <summary>The portable engine's socket; null when the client is the poller's.</summary>
    public Socket? Socket { get; }

    /// <summary>The system's number of the socket.</summary>
    public int Descriptor { get; }

    /// <summary>Where a client of the poller comes from; nothing for a Unix socket.</summary>
    public NativeAddress NativeAddress { get; }

    /// <summary>The IP address that the client comes from, of IPv4 also where it came in by IPv6; null where there is none.</summary>
    public IPAddress? Address
    {
        get
        {
            var address = (Socket is null ? NativeAddress.ToEndPoint() : RemoteEndPoint() as IPEndPoint)?.Address;
            return address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        }
    }

    /// <summary>Turns the client away with a reset: an end would look like an answer.</summary>
    public void Refuse()
    {
        if (Socket is not null)
        {
            Socket.Close(timeout: 0);
        }
        else
        {
            NativeSocket.Reset(Descriptor);
        }
    }

    private EndPoint? RemoteEndPoint()
    {
        try
        {
            return Socket!.RemoteEndPoint;
        }
        catch (SocketException)
        {
            // Gone already, and of no address any more.
            return null;
        }
    }
}
