using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace NetKit.Tests.Dialing;

public sealed class DialerExtensionsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_and_a_port_are_enough()
    {
        var dialed = new RecordingDialer();
        await dialed.DialAsync("example.org", 443, Token);
        Assert.Equal((new DnsEndPoint("example.org", 443), Token), (dialed.EndPoint, dialed.Token));
    }

    [Theory]
    [InlineData("", 80)]
    [InlineData("host", 0)]
    [InlineData("host", -1)]
    [InlineData("host", 65_536)]
    public async Task A_host_and_a_port_have_to_be_valid(string host, int port) =>
        await Assert.ThrowsAnyAsync<ArgumentException>(() => new RecordingDialer().DialAsync(host, port, Token).AsTask());

    [Fact]
    public async Task Nothing_may_be_null()
    {
        Assert.Throws<ArgumentNullException>(() => DialerExtensions.UseDialer(null!, new Dialer()));
        using var handler = new SocketsHttpHandler();
        Assert.Throws<ArgumentNullException>(() => handler.UseDialer(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => DialerExtensions.DialAsync(null!, "host", 1, Token).AsTask());
    }

    [Fact]
    public async Task HttpClient_opens_its_connections_by_the_dialer()
    {
        await using var server = RunningServer.OnTcp(AnswerAsync);
        var attempts = 0;
        var dialer = new Dialer(new DialerOptions
        {
            OnAttempt = _ => Interlocked.Increment(ref attempts),
            Resolve = (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([IPAddress.Loopback]),
        });
        using var handler = new SocketsHttpHandler();
        Assert.Same(handler, handler.UseDialer(dialer));
        using var client = new HttpClient(handler);
        var address = new Uri($"http://a-host-that-only-the-dialer-knows:{((IPEndPoint)server.Listener.LocalEndPoint).Port}/");
        for (var times = 0; times < 3; times++)
        {
            Assert.Equal("hello", await client.GetStringAsync(address, Token).Within());
        }

        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task A_request_whose_dial_fails_tells_of_every_attempt()
    {
        var dialer = new Dialer(new DialerOptions { Resolve = (_, _) => throw new SocketException((int)SocketError.HostNotFound) });
        using var handler = new SocketsHttpHandler().UseDialer(dialer);
        using var client = new HttpClient(handler);
        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri("http://nowhere.example/"), Token).Within());
        var inner = Assert.IsType<DialException>(exception.InnerException);
        Assert.Equal((ConnectionError.HostNotFound, 1), (inner.Error, inner.Attempts.Count));
    }

    [Fact]
    public async Task ClientWebSocket_opens_its_connection_by_the_dialer()
    {
        await using var server = RunningServer.OnTcp(EchoMessagesAsync);
        var attempts = 0;
        using var handler = new SocketsHttpHandler().UseDialer(new Dialer(new DialerOptions { OnAttempt = _ => Interlocked.Increment(ref attempts) }));
        using var invoker = new HttpMessageInvoker(handler);
        using var client = new ClientWebSocket();
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{((IPEndPoint)server.Listener.LocalEndPoint).Port}/"), invoker, Token).Within();
        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Token).Within();
        var buffer = new byte[16];
        var received = await client.ReceiveAsync(buffer, Token).Within();
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, received.Count));
        Assert.Equal(1, attempts);
        client.Abort();
    }

    private static async Task AnswerAsync(Connection connection, CancellationToken stopping)
    {
        while (await ReadHeadAsync(connection, stopping) is { Length: > 0 })
        {
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"u8.ToArray(), stopping);
        }
    }

    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 asks for it.")]
    private static async Task EchoMessagesAsync(Connection connection, CancellationToken stopping)
    {
        var head = await ReadHeadAsync(connection, stopping);
        var key = head.Split("\r\n").Single(line => line.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase)).Split(':')[1].Trim();
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        await connection.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"),
            stopping);
        using var socket = WebSocket.CreateFromStream(connection, new WebSocketCreationOptions { IsServer = true });
        var buffer = new byte[16];
        var received = await socket.ReceiveAsync(buffer, stopping);
        await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, stopping);
        await connection.UntilReadable();
    }

    private static async Task<string> ReadHeadAsync(Connection connection, CancellationToken stopping)
    {
        var head = new StringBuilder();
        var buffer = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await connection.ReadAsync(buffer, stopping) > 0)
        {
            head.Append((char)buffer[0]);
        }

        return head.ToString();
    }

    private sealed class RecordingDialer : IDialer
    {
        public EndPoint? EndPoint { get; private set; }

        public CancellationToken Token { get; private set; }

        public ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
        {
            (EndPoint, Token) = (endPoint, cancellationToken);
            return ValueTask.FromResult(Connection.CreatePair().First);
        }
    }
}
