using System.Net;
using System.Net.Sockets;

namespace NetKit.Samples;

/// <summary>Connects to the server.</summary>
internal static class Dial
{
    public static async Task<Connection> ConnectAsync(EndPoint server, TimeSpan timeout)
    {
        var socket = server is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            using var limit = new CancellationTokenSource(timeout);
            await socket.ConnectAsync(server, limit.Token);
            return Connection.FromSocket(socket);
        }
        catch (Exception e)
        {
            socket.Dispose();
            throw e switch
            {
                SocketException => new ServerUnreachableException(server, e.Message, e),
                OperationCanceledException => new ServerUnreachableException(server, $"no answer within {timeout.TotalSeconds} s", e),
                _ => e,
            };
        }
    }
}
