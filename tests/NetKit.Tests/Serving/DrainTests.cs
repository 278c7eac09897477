using System.Net;
using System.Net.Sockets;
using NetKit.Tests.Timing;

namespace NetKit.Tests.Serving;

public sealed class DrainTests
{
    private static readonly TimeSpan s_drainTimeout = TimeSpan.FromSeconds(30);
    private static readonly ConnectionServerOptions s_options = new() { DrainTimeout = s_drainTimeout };

    [Fact]
    public async Task With_nobody_there_it_ends_at_once()
    {
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync);
        Assert.Equal(new DrainResult(0, 0), await server.StopAsync());
    }

    [Fact]
    public async Task It_waits_for_who_is_there_also_when_there_was_nobody_for_a_while()
    {
        await using var server = RunningServer.OnTcp(static (connection, _) => RunningServer.EchoAsync(connection, CancellationToken.None), s_options);
        var first = await server.DialServedAsync();
        first.Abort();
        await Eventually.Equal(0, () => server.Server.ActiveConnections);

        var second = await server.DialServedAsync();
        server.BeginStop();
        await Waiting.StillWaits(server.Run);
        second.Abort();
        Assert.Equal(new DrainResult(1, 0), await server.Run.Within());
    }

    [Fact]
    public async Task Who_was_on_the_way_in_when_it_began_counts_too()
    {
        var (client, connection) = Connection.CreatePair();
        await using var closing = client;
        var connections = new ServedConnections();
        Assert.True(connections.TryReserve(1));
        connections.BeginDrain();
        Assert.Equal(0, connections.ToDrain);
        connections.Add(new ServedConnection(server: null!, connection));
        connections.BeginDrain();
        Assert.Equal(1, connections.ToDrain);
        Assert.False(await connections.WaitUntilEmptyAsync(TimeSpan.Zero, TimeProvider.System));
        Assert.Equal(1, connections.AbortAll());
    }

    [Fact]
    public async Task Handlers_are_told_by_their_token_and_count_as_ended_by_themselves()
    {
        var told = 0;
        await using var server = RunningServer.OnTcp(async (connection, stopping) =>
        {
            try
            {
                await RunningServer.EchoAsync(connection, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                Interlocked.Increment(ref told);
                throw;
            }
        });
        for (var count = 0; count < 5; count++)
        {
            await server.DialServedAsync();
        }

        Assert.Equal(0, told);
        Assert.Equal(new DrainResult(5, 0), await server.StopAsync());
        Assert.Equal(5, told);
        Assert.Equal(0, server.Server.ActiveConnections);
    }

    [Fact]
    public async Task Told_to_hurry_it_resets_at_once_what_has_not_ended()
    {
        await using var listener = ConnectionListener.CreateInMemory(out var dialer);
        await using var server = new ConnectionServer(listener, static (connection, _) => connection.CopyToAsync(connection, CancellationToken.None), s_options);
        using var stop = new CancellationTokenSource();
        using var hurry = new CancellationTokenSource();
        var run = server.RunHostedAsync(stop.Token, hurry.Token);
        await using var client = await dialer.DialAsync(listener.LocalEndPoint);
        await RunningServer.AssertEchoes(client);
        Assert.True(server.IsAccepting);

        await stop.CancelAsync();
        await Eventually.True(() => !server.IsAccepting, "it still accepts");
        Assert.False(run.IsCompleted);
        await RunningServer.AssertEchoes(client);
        await hurry.CancelAsync();
        Assert.Equal(new DrainResult(0, 1), await run.Within());
    }

    [Fact]
    public async Task What_has_not_ended_when_the_time_is_over_is_reset_and_counted_apart()
    {
        var time = new TimerCountingTimeProvider();
        await using var server = RunningServer.InMemory(
            (connection, stopping) => connection.CopyToAsync(connection, CancellationToken.None), s_options, timeProvider: time);
        var leaves = await server.DialServedAsync();
        var stays = await server.DialServedAsync();
        var staysToo = await server.DialServedAsync();

        server.BeginStop();
        await Eventually.Equal(1, () => time.Armed);
        await leaves.DisposeAsync();
        await Eventually.Equal(2, () => server.Server.ActiveConnections);
        await RunningServer.AssertEchoes(stays);

        time.Advance(s_drainTimeout - TimeSpan.FromTicks(1));
        await RunningServer.AssertEchoes(stays);
        await RunningServer.AssertEchoes(staysToo);
        Assert.False(server.Run.IsCompleted);

        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(new DrainResult(1, 2), await server.Run.Within());
        WellFormed.Assert(await Record.ExceptionAsync(() => Talk.ReadByteAsync(stays)), ConnectionError.Reset, "read");
        Assert.Equal(0, server.Server.ActiveConnections);
    }

    [Fact]
    public async Task It_ends_before_its_time_when_the_last_handler_does()
    {
        var time = new TimerCountingTimeProvider();
        await using var server = RunningServer.InMemory(
            (connection, stopping) => connection.CopyToAsync(connection, CancellationToken.None), s_options, timeProvider: time);
        var client = await server.DialServedAsync();
        server.BeginStop();
        await Eventually.Equal(1, () => time.Armed);
        await client.DisposeAsync();
        Assert.Equal(new DrainResult(1, 0), await server.Run.Within());
    }

    [Fact]
    public async Task A_handler_that_nothing_can_end_does_not_hold_the_server_for_ever()
    {
        var time = new TimerCountingTimeProvider();
        var never = new TaskCompletionSource();
        var entered = 0;
        await using var server = RunningServer.InMemory(
            (_, _) =>
            {
                Interlocked.Increment(ref entered);
                return never.Task;
            },
            s_options,
            timeProvider: time);
        var client = await server.DialAsync();
        await Eventually.Equal(1, () => Volatile.Read(ref entered));
        server.BeginStop();
        await Eventually.Equal(1, () => time.Armed);
        time.Advance(s_drainTimeout);
        Assert.Equal(-1, await Talk.TryReadByteAsync(client));

        await Eventually.True(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return server.Run.IsCompleted;
            },
            "the server gives up on a handler that does not notice");
        Assert.Equal(new DrainResult(0, 1), await server.Run);

        // When it does end at last, it is counted out.
        never.SetResult();
        await Eventually.Equal(0, () => server.Server.ActiveConnections);
    }

    [Fact]
    public async Task Without_any_patience_everything_is_reset_at_once()
    {
        await using var server = RunningServer.OnTcp(
            (connection, _) => connection.CopyToAsync(connection, CancellationToken.None),
            new ConnectionServerOptions { DrainTimeout = TimeSpan.Zero });
        var client = await server.DialServedAsync();
        Assert.Equal(new DrainResult(0, 1), await server.StopAsync());
        WellFormed.Assert(await Record.ExceptionAsync(() => Talk.ReadByteAsync(client)), ConnectionError.Reset, "read");
    }

    [Fact]
    public async Task New_clients_are_refused_while_it_drains()
    {
        await using var server = RunningServer.OnTcp((connection, _) => connection.CopyToAsync(connection, CancellationToken.None));
        var held = await server.DialServedAsync();
        server.BeginStop();
        await Eventually.True(IsRefused, "new clients are refused");
        await RunningServer.AssertEchoes(held);
        Assert.False(server.Run.IsCompleted);
        await held.DisposeAsync();
        Assert.Equal(new DrainResult(1, 0), await server.Run.Within());

        bool IsRefused()
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(server.Listener.LocalEndPoint);
                return false;
            }
            catch (SocketException exception)
            {
                return exception.SocketErrorCode == SocketError.ConnectionRefused;
            }
        }
    }

    [Fact]
    public async Task A_client_that_waits_for_a_slot_is_refused_when_it_stops()
    {
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = 1, LimitMode = ConnectionLimitMode.Wait });
        await server.DialServedAsync();
        var waiting = await server.DialAsync();
        Assert.Equal(new DrainResult(1, 0), await server.StopAsync());
        Assert.Equal(-1, await Talk.TryReadByteAsync(waiting));
    }

    [Fact]
    public async Task A_callback_on_the_token_that_throws_stops_nothing_else()
    {
        var told = 0;
        await using var server = RunningServer.OnTcp(async (connection, stopping) =>
        {
            // Not taken back: a handler that has ended already is told all the same.
            stopping.Register(() => Interlocked.Increment(ref told));
            stopping.Register(() => throw new InvalidOperationException("on purpose"));
            stopping.Register(() => Interlocked.Increment(ref told));
            await RunningServer.EchoAsync(connection, stopping);
        });
        await server.DialServedAsync();
        await server.DialServedAsync();
        Assert.Equal(new DrainResult(2, 0), await server.StopAsync());
        await Eventually.Equal(4, () => Volatile.Read(ref told));
    }

    [Fact]
    public async Task It_drains_too_when_somebody_else_closes_the_listener()
    {
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync);
        await server.DialServedAsync();
        await server.Listener.DisposeAsync();
        Assert.Equal(new DrainResult(1, 0), await server.Run.Within());
    }
}
