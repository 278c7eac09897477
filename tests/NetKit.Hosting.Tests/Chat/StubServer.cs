using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace NetKit.Tests.Chat;

/// <summary>A server that reads the head of a handshake, and then does whatever the test wants of it.</summary>
internal sealed class StubServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConnectionListener _listener;
    private readonly Task _running;
    private int _connections;

    /// <summary>Begins to serve; what serves gets the number of a connection, from 0, and the answer that its handshake asks for.</summary>
    public StubServer(Func<Connection, int, byte[], CancellationToken, Task> serve, IPAddress? address = null)
    {
        _listener = ConnectionListener.Bind(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        _running = new ConnectionServer(_listener, (connection, stopping) => ServeAsync(connection, serve, stopping)).RunAsync(_stop.Token);
    }

    public string Address => $"ws://{_listener.LocalEndPoint}/";

    /// <summary>How many handshakes came.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.Within();
        await _listener.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>Gives what a key is answered with. RFC 6455, section 4.2.2.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "SHA-1 is what the RFC asks for; nothing rests on it.")]
    public static string Accept(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));

    private async Task ServeAsync(Connection connection, Func<Connection, int, byte[], CancellationToken, Task> serve, CancellationToken stopping)
    {
        string key;
        using (var head = new FrameReader(connection, FrameFormat.Delimiter("\r\n\r\n"u8)))
        {
            key = Encoding.ASCII.GetString((await head.ReadAsync(stopping))!.Value).Split("Sec-WebSocket-Key: ")[1].Split("\r\n")[0];
        }

        var number = Interlocked.Increment(ref _connections) - 1;
        await serve(connection, number, Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {Accept(key)}\r\n\r\n"), stopping);
    }
}
