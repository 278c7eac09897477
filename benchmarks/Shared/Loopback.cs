using System.Net;
using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>Makes connected pairs of real TCP sockets on this machine.</summary>
internal static class Loopback
{
    public static Socket Listen(int backlog = 512)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(backlog);
        return listener;
    }

    public static Socket Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    public static (Socket Client, Socket Server) CreatePair()
    {
        using var listener = Listen();
        var client = Connect(((IPEndPoint)listener.LocalEndPoint!).Port);
        var server = listener.Accept();
        server.NoDelay = true;
        return (client, server);
    }
}
