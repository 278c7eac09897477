using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace NetKit.Tests.Hosting.Transport;

/// <summary>What NetKit's transport does beyond Kestrel's own.</summary>
public sealed class NetKitTransportTests
{
    private const int Watchdog = 120_000;

    [Fact]
    public void It_is_registered_once_and_asked_first()
    {
        var services = new ServiceCollection();
        services.AddNetKitTransport().AddNetKitTransport();
        Assert.Single(services, service => service.ServiceType == typeof(IConnectionListenerFactory));
        Assert.Throws<ArgumentNullException>(() => NetKitServiceCollectionExtensions.AddNetKitTransport(null!));
    }

    [Fact]
    public async Task It_leaves_other_endpoints_to_others()
    {
        using var provider = new ServiceCollection().AddLogging().AddNetKitTransport().BuildServiceProvider();
        var factory = provider.GetRequiredService<IConnectionListenerFactory>();
        var selector = Assert.IsAssignableFrom<IConnectionListenerFactorySelector>(factory);
        var inherited = new FileHandleEndPoint(3, FileHandleType.Tcp);
        Assert.False(selector.CanBind(inherited));
        Assert.True(selector.CanBind(new IPEndPoint(IPAddress.Loopback, 0)));
        Assert.True(selector.CanBind(new UnixDomainSocketEndPoint("/tmp/s")));
        var exception = await Assert.ThrowsAsync<NotSupportedException>(async () => await factory.BindAsync(inherited));
        Assert.Contains(nameof(FileHandleEndPoint), exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_handler_that_has_completed_its_output_may_read_on()
    {
        var seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await WebServer.StartAsync(onNetKit: true, configure: kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Run(async connection =>
            {
                await connection.Transport.Output.CompleteAsync();
                var result = await connection.Transport.Input.ReadAtLeastAsync(1_000);
                seen.SetResult(result.Buffer.Length);
                connection.Transport.Input.AdvanceTo(result.Buffer.End);
            })));
        using var client = await server.ConnectAsync();
        Assert.Equal("", await client.ReceiveToEndAsync());
        await client.SendTextAsync("late");
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(4, await seen.Task.Within());
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(SocketEngine.Automatic, false)]
    [InlineData(SocketEngine.Automatic, true)]
    [InlineData(SocketEngine.Portable, false)]
    public async Task Options_reach_the_listener(SocketEngine engine, bool elsewhere)
    {
        await using var server = await WebServer.StartAsync(
            onNetKit: true,
            app => app.MapGet("/", () => Thread.CurrentThread.IsThreadPoolThread),
            transport: options =>
            {
                options.Listener.Socket.Engine = engine;
                options.Listener.RunContinuationsAsynchronously = elsewhere;
            });
        using var client = server.CreateClient();

        var mayBeOnLoop = OperatingSystem.IsLinux() && engine == SocketEngine.Automatic && !elsewhere
            && Environment.GetEnvironmentVariable("NETKIT_SOCKET_ENGINE") is not "portable";
        if (mayBeOnLoop)
        {
            // Not the first of a connection, which is handled where Kestrel starts it, nor one that has come before Kestrel waits for it.
            await Eventually.True(async () => await client.GetStringAsync("/") == "false", "no request was handled on a loop");
            return;
        }

        for (var request = 0; request < 10; request++)
        {
            Assert.Equal("true", await client.GetStringAsync("/").Within());
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Options_out_of_range_fail_the_start()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => WebServer.StartAsync(onNetKit: true, transport: options => options.Listener.Backlog = 0));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => WebServer.StartAsync(onNetKit: true, transport: options => options.Listener = null!));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_client_that_leaves_is_noticed_also_behind_a_body_that_nobody_reads()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("NETKIT_SOCKET_ENGINE") is not "portable",
            "Only the event engine hears of an end that is behind unread data.");
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await WebServer.StartAsync(onNetKit: true, app => app.MapPost("/", async (HttpContext context) =>
        {
            await using var registration = context.RequestAborted.Register(aborted.SetResult);
            entered.SetResult();
            await aborted.Task;
        }));
        var client = await server.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
        await entered.Task.Within();
        await client.SendTextAsync(new string('x', 100_000));
        client.Dispose();
        await aborted.Task.Within();
    }
}
