using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests;

/// <summary>Makes plain client sockets.</summary>
internal static class Dial
{
    public static async Task<Socket> SocketAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        var socket = endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static Task<Socket> SocketAsync(ConnectionListener listener) =>
        SocketAsync(listener.LocalEndPoint, TestContext.Current.CancellationToken);
}
