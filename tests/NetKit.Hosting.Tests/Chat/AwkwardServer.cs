using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace NetKit.Tests.Chat;

/// <summary>A server of WebSockets that echoes as awkwardly as RFC 6455 allows: in pieces, with pings between them, byte by byte.</summary>
internal sealed class AwkwardServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConnectionListener _listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Task _running;
    private int _pongs;

    /// <summary>Begins to serve; with a certificate, by TLS.</summary>
    public AwkwardServer(X509Certificate2? certificate = null)
    {
        var tls = certificate is null ? null : new SslServerAuthenticationOptions { ServerCertificate = certificate };
        _running = new ConnectionServer(_listener, ServeAsync, new ConnectionServerOptions { Tls = tls }).RunAsync(_stop.Token);
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint;

    public string Address => $"ws://{EndPoint}/";

    /// <summary>Pings that were answered with what they carried.</summary>
    public int Pongs => Volatile.Read(ref _pongs);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.Within();
        await _listener.DisposeAsync();
        _stop.Dispose();
    }

    [SuppressMessage("Security", "CA5350", Justification = "The RFC asks for SHA-1; nothing rests on it.")]
    private async Task ServeAsync(Connection connection, CancellationToken stopping)
    {
        using (var head = new FrameReader(connection, FrameFormat.Delimiter("\r\n\r\n"u8)))
        {
            var request = Encoding.ASCII.GetString((await head.ReadAsync(stopping))!.Value);
            var key = request.Split("Sec-WebSocket-Key: ")[1].Split("\r\n")[0];
            var accept = StubServer.Accept(key);

            // The first frame comes with the head, and tells something nobody asked for.
            await connection.WriteAsync(
                (byte[])[.. Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching\r\nUPGRADE: websocket\r\nConnection: upgrade\r\nsec-websocket-accept:{accept}\r\n\r\n"), 0x81, 2, (byte)'h', (byte)'i'],
                stopping);
        }

        while (await ReadAsync(connection, stopping) is var (opcode, payload))
        {
            switch (opcode)
            {
                case 8:
                    await connection.WriteAsync((byte[])[0x88, (byte)payload.Length, .. payload], stopping);
                    return;
                case 10:
                    Assert.Equal("are you there"u8.ToArray(), payload);
                    Interlocked.Increment(ref _pongs);
                    break;
                default:
                    await EchoAsync(connection, payload, stopping);
                    break;
            }
        }
    }

    private static async Task EchoAsync(Connection connection, byte[] payload, CancellationToken stopping)
    {
        byte[] answer =
        [
            0x01, 5, .. payload.AsSpan(0, 5),
            0x89, 13, .. "are you there"u8,
            0x00, 126, (byte)((payload.Length - 6) >> 8), (byte)(payload.Length - 6), .. payload.AsSpan(5, payload.Length - 6),
            0x8A, 0, // a pong that nobody asked for
            0x80, 127, 0, 0, 0, 0, 0, 0, 0, 1, payload[^1],
        ];
        foreach (var part in answer)
        {
            await connection.WriteAsync(new[] { part }, stopping);
        }
    }

    private static async Task<(int Opcode, byte[] Payload)> ReadAsync(Connection connection, CancellationToken stopping)
    {
        var head = new byte[2];
        await connection.ReadExactlyAsync(head, stopping);
        Assert.Equal(0x80, head[0] & 0xF0); // whole, of no extension
        Assert.Equal(0x80, head[1] & 0x80); // masked
        var (opcode, length) = (head[0] & 0x0F, head[1] & 0x7F);
        if (length == 126)
        {
            await connection.ReadExactlyAsync(head, stopping);
            length = BinaryPrimitives.ReadUInt16BigEndian(head);
        }

        var rest = new byte[4 + length];
        await connection.ReadExactlyAsync(rest, stopping);
        return (opcode, [.. rest.Skip(4).Select((value, index) => (byte)(value ^ rest[index % 4]))]);
    }
}
