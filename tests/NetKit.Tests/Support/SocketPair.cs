using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests;

/// <summary>Two plain sockets connected to each other, made without the library.</summary>
internal sealed class SocketPair : IDisposable
{
    private SocketPair(Socket first, Socket second) => (First, Second) = (first, second);

    public Socket First { get; }

    public Socket Second { get; }

    public static SocketPair Tcp() => Connect(
        new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp),
        new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp),
        new IPEndPoint(IPAddress.Loopback, 0));

    public static SocketPair Unix() => Connect(
        new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
        new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
        new UnixDomainSocketEndPoint($"\0netkit-{Guid.NewGuid()}"));

    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }

    private static SocketPair Connect(Socket client, Socket listener, EndPoint endPoint)
    {
        using (listener)
        {
            listener.Bind(endPoint);
            listener.Listen();
            client.Connect(listener.LocalEndPoint!);
            return new SocketPair(client, listener.Accept());
        }
    }
}
