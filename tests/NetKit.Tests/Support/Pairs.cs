using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace NetKit.Tests;

/// <summary>Makes connected pairs, one way for each transport.</summary>
internal static class Pairs
{
    public static async Task<ConnectedPair> TcpAsync()
    {
        var (client, server) = await TcpSocketsAsync();
        return new ConnectedPair(Connection.FromSocket(client), Connection.FromSocket(server));
    }

    public static async Task<ConnectedPair> UnixAsync()
    {
        var (client, server) = await UnixSocketsAsync();
        return new ConnectedPair(Connection.FromSocket(client), Connection.FromSocket(server));
    }

    public static ConnectedPair Memory(TimeProvider? time = null)
    {
        var (first, second) = Connection.CreatePair(time);
        return new ConnectedPair(first, second);
    }

    public static async Task<ConnectedPair> NetworkStreamAsync()
    {
        var (client, server) = await TcpSocketsAsync();
        return new ConnectedPair(
            Connection.FromStream(new NetworkStream(client, ownsSocket: true)),
            Connection.FromStream(new NetworkStream(server, ownsSocket: true)));
    }

    public static ConnectedPair WrappedMemory()
    {
        var (first, second) = Connection.CreatePair();
        return new ConnectedPair(Connection.FromStream(first), Connection.FromStream(second));
    }

    public static async Task<ConnectedPair> TlsAsync(ConnectedPair plain)
    {
        var (client, server) = plain;
        var accepted = server.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost }).AsTask();
        var dialed = client.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost }).AsTask();
        await Task.WhenAll(accepted, dialed);
        return new ConnectedPair(await dialed, await accepted);
    }

    public static Task<(Socket Client, Socket Server)> TcpSocketsAsync() => SocketsAsync(
        new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), new IPEndPoint(IPAddress.Loopback, 0));

    public static Task<(Socket Client, Socket Server)> UnixSocketsAsync() => SocketsAsync(
        new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
        new UnixDomainSocketEndPoint(Path.Combine(Path.GetTempPath(), $"netkit-{Guid.NewGuid():N}.sock")));

    private static async Task<(Socket Client, Socket Server)> SocketsAsync(Socket listener, EndPoint endPoint)
    {
        using (listener)
        {
            listener.Bind(endPoint);
            listener.Listen();
            var client = new Socket(listener.AddressFamily, listener.SocketType, listener.ProtocolType);
            var dialing = client.ConnectAsync(listener.LocalEndPoint!);
            var server = await listener.AcceptAsync();
            await dialing;
            return (client, server);
        }
    }
}
