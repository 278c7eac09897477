using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace NetKit.Tests.Hosting.Transport;

// Where a server can listen, and what happens when it cannot.
public abstract partial class TransportContract
{
    private static readonly IPAddress[] s_loopbacks = [IPAddress.Loopback, IPAddress.IPv6Loopback];

    [Fact(Timeout = Watchdog)]
    public async Task Every_address_of_both_families_can_be_listened_at()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", RemoteAddress), kestrel => kestrel.ListenAnyIP(0));
        using var client = new HttpClient();
        foreach (var address in Socket.OSSupportsIPv6 ? s_loopbacks : s_loopbacks[..1])
        {
            var at = new UriBuilder("http", address.ToString(), server.Address.Port);
            Assert.Equal(address.ToString(), await client.GetStringAsync(at.Uri).Within());
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Localhost_can_be_listened_at()
    {
        var port = FreePort();
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", () => "here"), kestrel => kestrel.ListenLocalhost(port));
        using var client = new HttpClient();
        Assert.Equal("here", await client.GetStringAsync(new Uri($"http://localhost:{port}/")).Within());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_Unix_socket_can_be_listened_at()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("web.sock");
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapPost("/", EchoAsync), kestrel => kestrel.ListenUnixSocket(path));
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler);
        // No more than the system holds: this client sends all before it reads.
        var sent = Payload.Random(50_000);
        using var answer = await client.PostAsync(new Uri("http://localhost/"), new ByteArrayContent(sent)).Within();
        Assert.True((await answer.Content.ReadAsByteArrayAsync().Within()).AsSpan().SequenceEqual(sent));
    }

    [Fact(Timeout = Watchdog)]
    public async Task An_address_that_is_in_use_is_told_as_such()
    {
        await using var server = await WebServer.StartAsync(OnNetKit);
        var exception = await Assert.ThrowsAsync<IOException>(
            () => WebServer.StartAsync(OnNetKit, configure: kestrel => kestrel.Listen(server.EndPoint)));
        Assert.IsType<AddressInUseException>(exception.InnerException);
    }

    [Fact(Timeout = Watchdog)]
    public async Task An_address_that_is_in_use_frees_those_that_were_bound_before_it()
    {
        await using var server = await WebServer.StartAsync(OnNetKit);
        var port = FreePort();
        await Assert.ThrowsAsync<IOException>(() => WebServer.StartAsync(OnNetKit, configure: kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Listen(server.EndPoint);
        }));
        await using var next = await WebServer.StartAsync(OnNetKit, configure: kestrel => kestrel.Listen(IPAddress.Loopback, port));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Connections_above_the_limit_are_closed()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", () => "hello"), kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxConcurrentConnections = 1;
        });
        using var first = await server.SendAsync(Get);
        await first.ReceiveUntilAsync("hello");
        using (var second = await server.ConnectAsync())
        {
            Assert.Equal(0, await EndAsync(second));
        }

        first.Dispose();
        await Eventually.True(() => IsServedAsync(server).GetAwaiter().GetResult(), "a place became free and nobody got it");
    }

    private static async Task<bool> IsServedAsync(WebServer server)
    {
        using var client = await server.SendAsync(Get);
        return await EndAsync(client) > 0;
    }

    // A reset is an end, too, when somebody sent what nobody read.
    private static async Task<int> EndAsync(Socket client)
    {
        try
        {
            return await client.ReceiveAsync(new byte[1].AsMemory()).Within();
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }

    private static string RemoteAddress(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress!;
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
