using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Connections;

public sealed class FromSocketTests
{
    [Fact]
    public void A_socket_is_required() =>
        Assert.Equal("socket", Assert.Throws<ArgumentNullException>(() => Connection.FromSocket(null!)).ParamName);

    [Fact]
    public void A_socket_that_is_not_connected_is_refused()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        AssertRefused(socket, "not connected");
    }

    [Fact]
    public void A_listening_socket_is_refused()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        AssertRefused(socket, "not connected");
    }

    [Fact]
    public void A_datagram_socket_is_refused_even_when_connected()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(new IPEndPoint(IPAddress.Loopback, 9));
        AssertRefused(socket, "Dgram");
    }

    [Fact]
    public void A_disposed_socket_is_refused()
    {
        var pair = SocketPair.Tcp();
        pair.Dispose();
        Assert.Throws<ArgumentException>(() => Connection.FromSocket(pair.First));
    }

    [Fact]
    public void A_refused_socket_stays_the_caller_s()
    {
        using var pair = SocketPair.Tcp();
        Assert.Throws<ArgumentOutOfRangeException>(() => Connection.FromSocket(pair.First, new SocketOptions { KeepAliveRetryCount = 0 }));
        pair.Second.Send([7]);
        var buffer = new byte[1];
        Assert.Equal(1, pair.First.Receive(buffer));
        Assert.Equal(7, buffer[0]);
    }

    [Fact]
    public void The_connection_shows_its_socket_and_endpoints()
    {
        using var pair = SocketPair.Tcp();
        var (local, remote) = (pair.First.LocalEndPoint, pair.First.RemoteEndPoint);
        using var connection = Connection.FromSocket(pair.First);
        Assert.Same(pair.First, connection.Socket);
        Assert.Equal(local, connection.LocalEndPoint);
        Assert.Equal(remote, connection.RemoteEndPoint);
        connection.Abort();
        Assert.Equal(local, connection.LocalEndPoint);
        Assert.Equal(remote, connection.RemoteEndPoint);
    }

    private static void AssertRefused(Socket socket, string reason)
    {
        var exception = Assert.Throws<ArgumentException>(() => Connection.FromSocket(socket));
        Assert.Equal("socket", exception.ParamName);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
    }
}
