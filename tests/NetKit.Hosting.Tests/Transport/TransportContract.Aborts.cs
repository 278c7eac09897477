using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using KestrelRate = Microsoft.AspNetCore.Server.Kestrel.Core.MinDataRate;

namespace NetKit.Tests.Hosting.Transport;

// Connections that are cut: in a write, by a limit, by a server that has no more time.
public abstract partial class TransportContract
{
    [Fact(Timeout = Watchdog)]
    public async Task An_abort_ends_a_flush_that_waits_for_a_client_that_does_not_read()
    {
        var seen = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var closed = NewSignal();
        await using var server = await ServeAsync(async connection =>
        {
            connection.ConnectionClosed.Register(closed.SetResult);
            var flush = connection.Transport.Output.WriteAsync(new byte[30_000_000]);
            Assert.False(flush.IsCompleted);
            connection.Abort();
            seen.SetResult((await flush).IsCompleted);
        });
        using var client = await server.ConnectAsync();
        Assert.True(await seen.Task.Within());
        await closed.Task.Within();
        await Assert.ThrowsAsync<SocketException>(client.ReceiveToEndAsync);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_flush_that_is_given_up_ends_and_what_was_written_arrives_once()
    {
        var seen = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ServeAsync(async connection =>
        {
            using var impatience = new CancellationTokenSource();
            var flush = connection.Transport.Output.WriteAsync(new byte[30_000_000], impatience.Token).AsTask();
            await impatience.CancelAsync();
            seen.SetResult(await Record.ExceptionAsync(() => flush));
            await connection.Transport.Output.WriteAsync("end"u8.ToArray());
        });
        using var client = await server.ConnectAsync();
        Assert.IsAssignableFrom<OperationCanceledException>(await seen.Task.Within());
        var received = await client.ReceiveToEndAsync();
        Assert.Equal(30_000_003, received.Length);
        Assert.EndsWith("end", received, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_client_that_does_not_read_its_answer_is_cut_at_the_least_rate()
    {
        var aborted = NewSignal();
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", async (HttpContext context) =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            await context.Response.Body.WriteAsync(new byte[50_000_000]);
        }), kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MinResponseDataRate = new KestrelRate(1e9, TimeSpan.FromSeconds(1.1));
        });
        using var client = await server.SendAsync(Get);
        await aborted.Task.Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_client_that_sends_its_body_too_slowly_is_told_and_cut()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapPost("/", (Delegate)HashAsync), kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MinRequestBodyDataRate = new KestrelRate(1e6, TimeSpan.FromSeconds(1.1));
        });
        using var client = await server.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nonly this");
        Assert.StartsWith("HTTP/1.1 408", await client.ReceiveToEndAsync(), StringComparison.Ordinal);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nX: {0}\r\n\r\n", 40_000, "431")]
    [InlineData("GET /{0} HTTP/1.1\r\nHost: localhost\r\n\r\n", 10_000, "414")]
    [InlineData("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{0}", 1000, "413")]
    public async Task Requests_beyond_the_limits_of_Kestrel_are_refused(string request, int length, string status)
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapPost("/", (Delegate)HashAsync), kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = 999;
        });
        using var client = await server.SendAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, request, new string('x', length)));
        Assert.StartsWith($"HTTP/1.1 {status}", await client.ReceiveUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_stop_that_has_no_more_time_cuts_a_client_that_does_not_read_what_is_left()
    {
        var handled = NewSignal();
        await using var server = await WebServer.StartAsync(OnNetKit, configure: kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Run(async connection =>
            {
                _ = connection.Transport.Output.WriteAsync(new byte[30_000_000]).AsTask();
                handled.SetResult();
                await Task.CompletedTask;
            }));
        });
        using var client = await server.ConnectAsync();
        await handled.Task.Within();
        await server.StopAsync(new CancellationToken(canceled: true)).Within();
        await Assert.ThrowsAsync<SocketException>(client.ReceiveToEndAsync);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_listener_that_is_unbound_ends_its_accepts_and_leaves_connections_alone()
    {
        await using var provider = Services();
        var listener = await provider.GetServices<IConnectionListenerFactory>().Last().BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.NotEqual(0, ((IPEndPoint)listener.EndPoint).Port);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(listener.EndPoint).Within();
        var accepted = await listener.AcceptAsync().Within();
        Assert.NotNull(accepted);
        await using (accepted)
        {
            var waiting = listener.AcceptAsync().AsTask();
            await listener.UnbindAsync().Within();
            Assert.Null(await waiting.Within());
            Assert.Null(await listener.AcceptAsync().Within());
            await listener.UnbindAsync().Within();
            await accepted.Transport.Output.WriteAsync("still here"u8.ToArray());
            await client.ReceiveUntilAsync("still here");
            await client.SendTextAsync("me too");
            var result = await accepted.Transport.Input.ReadAtLeastAsync(6).Within();
            accepted.Transport.Input.AdvanceTo(result.Buffer.End);
            Assert.False(accepted.ConnectionClosed.IsCancellationRequested);
            using var late = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await Assert.ThrowsAsync<SocketException>(() => late.ConnectAsync(listener.EndPoint));
        }

        await listener.DisposeAsync().Within();
        await listener.DisposeAsync().Within();
        Assert.True(accepted.ConnectionClosed.IsCancellationRequested);
        Assert.Equal("", await client.ReceiveToEndAsync());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_connection_is_disposed_of_twice_and_aborted_afterwards_without_harm()
    {
        await using var provider = Services();
        await using var listener = await provider.GetServices<IConnectionListenerFactory>().Last().BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint).Within();
        var accepted = (await listener.AcceptAsync().Within())!;
        var (local, remote) = (accepted.LocalEndPoint, accepted.RemoteEndPoint);
        await accepted.DisposeAsync().Within();
        await accepted.DisposeAsync().Within();
        accepted.Abort();
        Assert.Equal((local, remote), (accepted.LocalEndPoint, accepted.RemoteEndPoint));
        Assert.True(accepted.ConnectionClosed.IsCancellationRequested);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_listener_that_gave_its_Unix_socket_back_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        await using var provider = Services();
        var factory = provider.GetServices<IConnectionListenerFactory>().Last();
        var endPoint = new UnixDomainSocketEndPoint(folder.File("s"));
        for (var round = 0; round < 2; round++)
        {
            var listener = await factory.BindAsync(endPoint);
            Assert.True(File.Exists(folder.File("s")));
            Assert.Equal(endPoint.ToString(), listener.EndPoint.ToString());
            await listener.UnbindAsync();
            await listener.DisposeAsync();
            Assert.False(File.Exists(folder.File("s")));
        }
    }

    private ServiceProvider Services()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (OnNetKit)
        {
            builder.Services.AddNetKitTransport();
        }

        return builder.Services.BuildServiceProvider();
    }
}
