using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace NetKit.Tests.Hosting.Transport;

// What runs on top: TLS, HTTP/2, WebSockets, SignalR, with the clients that everybody has.
public abstract partial class TransportContract
{
    [Theory(Timeout = Watchdog)]
    [InlineData(false, "1.1")]
    [InlineData(true, "1.1")]
    [InlineData(false, "2.0")]
    [InlineData(true, "2.0")]
    public async Task Each_version_of_HTTP_is_served_with_and_without_TLS(bool tls, string version)
    {
        var sent = Payload.Random(3_000_000);
        await using var server = await WebServer.StartAsync(OnNetKit, app =>
        {
            app.MapPost("/", (Delegate)HashAsync);
            app.MapGet("/", async (HttpContext context) => await context.Response.Body.WriteAsync(sent));
        }, Endpoint(tls, version));
        using var client = server.CreateClient(Version.Parse(version));
        using var answer = await client.PostAsync("/", new ByteArrayContent(sent)).Within();
        Assert.Equal(Convert.ToHexString(SHA256.HashData(sent)), await answer.Content.ReadAsStringAsync());
        Assert.True((await client.GetByteArrayAsync("/").Within()).AsSpan().SequenceEqual(sent));
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Streams_of_one_HTTP2_connection_run_at_the_same_time(bool tls)
    {
        const int Count = 50;
        using var all = new SemaphoreSlim(0);
        var entered = 0;
        var connections = new HashSet<string>();
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapPost("/", async (HttpContext context) =>
        {
            lock (connections)
            {
                connections.Add(context.Connection.Id);
            }

            if (Interlocked.Increment(ref entered) == Count)
            {
                all.Release(Count);
            }

            // None ends before all have begun.
            await all.WaitAsync();
            await EchoAsync(context);
        }), Endpoint(tls, "2.0"));
        using var client = server.CreateClient(HttpVersion.Version20);
        await Task.WhenAll(Enumerable.Range(0, Count).Select(async number =>
        {
            var sent = Payload.Random(20_000 + number, number);
            using var answer = await client.PostAsync("/", new ByteArrayContent(sent));
            Assert.True((await answer.Content.ReadAsByteArrayAsync()).AsSpan().SequenceEqual(sent));
        })).Within();
        Assert.Single(connections);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_graceful_stop_lets_the_stream_of_an_HTTP2_connection_finish(bool tls)
    {
        var (entered, go) = (NewSignal(), NewSignal());
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", async () =>
        {
            entered.TrySetResult();
            await go.Task;
            return "finished";
        }), Endpoint(tls, "2.0"));
        using var client = server.CreateClient(HttpVersion.Version20);
        var answer = client.GetStringAsync("/");
        await entered.Task.Within();
        var stopping = server.StopAsync();
        go.SetResult();
        Assert.Equal("finished", await answer.Within());
        await stopping.Within();
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_goes_over_a_connection_can_be_logged(bool tls)
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapPost("/", EchoAsync), kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint =>
        {
            endpoint.UseConnectionLogging();
            if (tls)
            {
                endpoint.UseHttps(Certificates.Localhost);
                endpoint.UseConnectionLogging();
            }
        }));
        using var client = server.CreateClient();
        var sent = Payload.Random(300_000);
        using var answer = await client.PostAsync("/", new ByteArrayContent(sent)).Within();
        Assert.True((await answer.Content.ReadAsByteArrayAsync()).AsSpan().SequenceEqual(sent));
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(10)]
    [InlineData(1_000_000)]
    public async Task A_WebSocket_echoes(int length)
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app =>
        {
            app.UseWebSockets();
            app.Map("/ws", EchoSocketAsync);
        });
        using var client = new ClientWebSocket();
        await client.ConnectAsync(new UriBuilder(server.Address) { Scheme = "ws", Path = "/ws" }.Uri, CancellationToken.None).Within();
        for (var message = 0; message < 10; message++)
        {
            var sent = Payload.Random(length, message);
            var sending = client.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
            Assert.True((await ReceiveAsync(client, length)).AsSpan().SequenceEqual(sent));
            await sending.Within();
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Within();
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.CloseStatus);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_SignalR_hub_answers_and_tells_everybody()
    {
        await using var server = await WebServer.StartAsync(
            OnNetKit, app => app.MapHub<TestHub>("/hub"), services: services => services.AddSignalR());
        await using var first = await JoinAsync(server);
        await using var second = await JoinAsync(server);
        var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        second.On<string>("told", told.SetResult);
        Assert.Equal("echo", await first.InvokeAsync<string>("Echo", "echo").Within());
        await first.InvokeAsync("Tell", "all of you").Within();
        Assert.Equal("all of you", await told.Task.Within());
        var counted = 0;
        await foreach (var number in first.StreamAsync<int>("Count", 500))
        {
            Assert.Equal(counted++, number);
        }

        Assert.Equal(500, counted);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("--http1.1", false)]
    [InlineData("--http2-prior-knowledge", false)]
    [InlineData("--http1.1", true)]
    [InlineData("--http2", true)]
    public async Task Curl_is_served(string option, bool tls)
    {
        var version = option == "--http1.1" ? "1.1" : "2.0";
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "There is no curl.");
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", (HttpContext context) => context.Request.Protocol), Endpoint(tls, version));
        var said = await ProcessRun.LinesOfAsync("/usr/bin/curl", "-sS", "-k", option, server.Address.ToString());
        Assert.Equal([version == "1.1" ? "HTTP/1.1" : "HTTP/2"], said);
    }

    private static Action<KestrelServerOptions> Endpoint(bool tls, string version) => kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint =>
    {
        endpoint.Protocols = version == "1.1" ? HttpProtocols.Http1 : HttpProtocols.Http2;
        if (tls)
        {
            endpoint.UseHttps(Certificates.Localhost);
        }
    });

    private static async Task EchoAsync(HttpContext context)
    {
        context.Response.ContentLength = context.Request.ContentLength;
        await context.Request.Body.CopyToAsync(context.Response.Body);
    }

    private static async Task EchoSocketAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } part)
        {
            await socket.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, CancellationToken.None);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    private static async Task<byte[]> ReceiveAsync(ClientWebSocket client, int length)
    {
        var received = new byte[length];
        for (var count = 0; count < length;)
        {
            count += (await client.ReceiveAsync(received.AsMemory(count), CancellationToken.None).Within()).Count;
        }

        return received;
    }

    private static async Task<HubConnection> JoinAsync(WebServer server)
    {
        var connection = new HubConnectionBuilder().WithUrl(new Uri(server.Address, "/hub")).Build();
        await connection.StartAsync().Within();
        return connection;
    }

#pragma warning disable CA1822 // A hub's methods are called on an instance.
    private sealed class TestHub : Hub
    {
        public string Echo(string text) => text;

        public Task Tell(string text) => Clients.All.SendAsync("told", text);

        public async IAsyncEnumerable<int> Count(int most)
        {
            for (var number = 0; number < most; number++)
            {
                yield return number;
                await Task.Yield();
            }
        }
    }
#pragma warning restore CA1822
}
