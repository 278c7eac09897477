using System.Net;

namespace NetKit.Tests.Serving;

public sealed class SeveralListenersTests
{
    private const int ListenerLost = 210;

    private static ConnectionListener Listen(int port = 0, bool reusePort = false) =>
        ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, port), new ListenerOptions { ReusePort = reusePort });

    [Fact]
    public async Task Clients_of_every_listener_are_served()
    {
        await using var second = Listen();
        await using var third = ConnectionListener.CreateInMemory(out var dialer);
        await using var server = RunningServer.On([Listen(), second, third], RunningServer.EchoAsync);
        await server.DialServedAsync();
        await RunningServer.AssertEchoes(await DialAsync(second));
        await RunningServer.AssertEchoes(await dialer.DialAsync(third.LocalEndPoint, TestContext.Current.CancellationToken));
        Assert.Equal(3, server.Server.ActiveConnections);
        Assert.Equal(new DrainResult(3, 0), await server.StopAsync());
    }

    [Theory]
    [InlineData(ConnectionLimitMode.Wait, 1)]
    [InlineData(ConnectionLimitMode.Wait, 4)]
    [InlineData(ConnectionLimitMode.Reject, 1)]
    [InlineData(ConnectionLimitMode.Reject, 4)]
    public async Task The_limit_holds_for_all_listeners_together_and_none_keeps_a_place_for_itself(ConnectionLimitMode mode, int loops)
    {
        await using var second = Listen();
        await using var server = RunningServer.On(
            [Listen(), second], RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = 2, LimitMode = mode, AcceptLoops = loops });
        for (var round = 0; round < 20; round++)
        {
            // Both places to one listener, and it does not matter to which.
            var of = round % 2 == 0 ? server.Listener : second;
            await using var first = await DialAsync(of);
            await RunningServer.AssertEchoes(first);
            await using var last = await DialAsync(of);
            await RunningServer.AssertEchoes(last);
            Assert.Equal(2, server.Server.ActiveConnections);
            if (mode == ConnectionLimitMode.Reject)
            {
                Assert.Equal(-1, await server.AskAsync());
            }

            first.Abort();
            last.Abort();
            await Eventually.Equal(0, () => server.Server.ActiveConnections);
        }
    }

    [Fact]
    public async Task A_client_that_waits_for_a_place_gets_it_whichever_listener_it_came_to()
    {
        await using var second = Listen();
        await using var server = RunningServer.On([Listen(), second], RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = 1 });
        var first = await server.DialServedAsync();
        var waiting = await DialAsync(second);
        await waiting.WriteAsync("w"u8.ToArray(), TestContext.Current.CancellationToken);
        var answer = Talk.ReadByteAsync(waiting);
        await RunningServer.AssertEchoes(first);
        Assert.False(answer.IsCompleted);
        first.Abort();
        Assert.Equal('w', await answer);
        waiting.Abort();
    }

    [Fact]
    public async Task Clients_that_wait_for_a_place_are_reset_when_the_server_stops()
    {
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = 1, AcceptLoops = 3 });
        await server.DialServedAsync();
        var waiting = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => server.DialAsync()));
        server.BeginStop();
        foreach (var client in waiting)
        {
            Assert.Equal(-1, await Talk.TryReadByteAsync(client));
        }

        Assert.Equal(new DrainResult(1, 0), await server.Run.Within());
    }

    [Fact]
    public async Task Several_sockets_share_one_port()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux spreads clients over them.");
        var first = Listen(reusePort: true);
        var port = ((IPEndPoint)first.LocalEndPoint).Port;
        await using var server = RunningServer.On([first, Listen(port, reusePort: true), Listen(port, reusePort: true)], RunningServer.EchoAsync);
        for (var count = 1; count <= 50; count++)
        {
            await server.DialServedAsync();
        }

        Assert.Equal(50, server.Server.ActiveConnections);
    }

    [Fact]
    public async Task When_one_listener_is_closed_the_others_go_on_and_the_log_says_so()
    {
        var logger = new RecordingLogger();
        var lost = Listen();
        await using var server = RunningServer.On([Listen(), lost], RunningServer.EchoAsync, logger: logger);
        await using var old = await DialAsync(lost);
        await RunningServer.AssertEchoes(old);
        await lost.DisposeAsync();
        await Eventually.Equal(1, () => logger.CountOf(ListenerLost));
        Assert.Contains(logger.Entries, entry => entry.Id == ListenerLost && entry.Message.Contains(lost.LocalEndPoint.ToString()!, StringComparison.Ordinal));
        await RunningServer.AssertEchoes(old);
        await server.DialServedAsync();
        Assert.False(server.Run.IsCompleted);
        Assert.Equal(new DrainResult(2, 0), await server.StopAsync());
        Assert.Equal(1, logger.CountOf(ListenerLost));
    }

    [Fact]
    public async Task When_the_last_listener_is_closed_the_server_drains()
    {
        var second = Listen();
        await using var server = RunningServer.On([Listen(), second], RunningServer.EchoAsync);
        await second.DisposeAsync();
        await server.Listener.DisposeAsync();
        Assert.Equal(new DrainResult(0, 0), await server.Run.Within());
    }

    [Fact]
    public async Task A_drain_closes_every_listener()
    {
        ConnectionListener[] listeners = [Listen(), Listen(), Listen()];
        var log = new RecordingLogger();
        await using var server = RunningServer.On(listeners, RunningServer.EchoAsync, logger: log);
        await server.DialServedAsync();
        await server.StopAsync();
        Assert.Equal(0, log.CountOf(210)); // none was lost
        foreach (var listener in listeners)
        {
            var exception = await Record.ExceptionAsync(() => listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask());
            WellFormed.Assert(exception, ConnectionError.Closed, "accept");
        }
    }

    [Theory]
    [InlineData("none")]
    [InlineData("null")]
    [InlineData("twice")]
    public async Task A_server_needs_listeners_and_each_of_them_once(string what)
    {
        await using var listener = Listen();
        ConnectionListener[] listeners = what switch
        {
            "none" => [],
            "null" => [listener, null!],
            _ => [listener, listener],
        };
        Assert.Equal("listeners", Assert.Throws<ArgumentException>(() => new ConnectionServer(listeners, RunningServer.EchoAsync)).ParamName);
    }

    private static async Task<Connection> DialAsync(ConnectionListener listener) => Connection.FromSocket(await Dial.SocketAsync(listener));
}
