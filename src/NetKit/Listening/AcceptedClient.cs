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
        Address = address;
    }

    /// <summary>The portable engine's socket; null when the client is the poller's.</summary>
    public Socket? Socket { get; }

    /// <summary>The system's number of the socket.</summary>
    public int Descriptor { get; }

    /// <summary>Where a client of the poller comes from; nothing for a Unix socket.</summary>
    public NativeAddress Address { get; }

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
}
