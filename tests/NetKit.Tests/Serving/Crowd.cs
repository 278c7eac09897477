using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Serving;

/// <summary>Clients that all come at once, each with one byte to be echoed.</summary>
internal sealed class Crowd : IDisposable
{
    private readonly List<Socket> _sockets = [];
    private readonly List<Socket> _served = [];
    private int _turnedAway;

    public int Served
    {
        get
        {
            lock (_served)
            {
                return _served.Count;
            }
        }
    }

    public int TurnedAway => Volatile.Read(ref _turnedAway);

    public static Crowd Arrive(EndPoint endPoint, int count)
    {
        var crowd = new Crowd();
        for (var number = 0; number < count; number++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            crowd._sockets.Add(socket);
            _ = crowd.AskAsync(socket, endPoint);
        }

        return crowd;
    }

    /// <summary>Each client that was served is served once more.</summary>
    public async Task AssertStillServed()
    {
        Socket[] served;
        lock (_served)
        {
            served = [.. _served];
        }

        foreach (var socket in served)
        {
            Assert.True(await IsEchoedAsync(socket).Within(), "A client that the server holds was not served any more.");
        }
    }

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());

    private async Task AskAsync(Socket socket, EndPoint endPoint)
    {
        try
        {
            await socket.ConnectAsync(endPoint);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Interlocked.Increment(ref _turnedAway);
            return;
        }

        if (await IsEchoedAsync(socket))
        {
            lock (_served)
            {
                _served.Add(socket);
            }
        }
        else
        {
            Interlocked.Increment(ref _turnedAway);
        }
    }

    /// <summary>False when the client is turned away, and when the crowd has gone home.</summary>
    private static async Task<bool> IsEchoedAsync(Socket socket)
    {
        try
        {
            var buffer = new byte[1];
            await socket.SendAsync("x"u8.ToArray(), SocketFlags.None);
            return await socket.ReceiveAsync(buffer, SocketFlags.None) == 1 && buffer[0] == (byte)'x';
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
