using System.Net.Sockets;

namespace NetKit.Tests.Listening;

public sealed class ListenerCloseTests
{
    public static TheoryData<Transport> All => TestListener.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_accept_after_the_close_fails_as_closed(Transport transport)
    {
        var listener = TestListener.On(transport);
        await listener.DisposeAsync();
        for (var times = 0; times < 2; times++)
        {
            var exception = await Record.ExceptionAsync(listener.AcceptAsync);
            WellFormed.Assert(exception, ConnectionError.Closed, "accept");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_accept_that_waits_is_ended_by_the_close(Transport transport)
    {
        var listener = TestListener.On(transport);
        var accepts = Enumerable.Range(0, 5).Select(_ => listener.AcceptAsync()).ToArray();
        await listener.DisposeAsync();
        foreach (var accept in accepts)
        {
            WellFormed.Assert(await Record.ExceptionAsync(() => accept.Within()), ConnectionError.Closed, "accept");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Connections_accepted_before_survive_it(Transport transport)
    {
        var listener = TestListener.On(transport);
        await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        await using var server = await listener.AcceptAsync();
        await listener.DisposeAsync();
        await Talk.AssertBothWays(client, server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_client_that_was_not_accepted_by_then_never_is_and_is_told(Transport transport)
    {
        var listener = TestListener.On(transport);
        await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        await listener.DisposeAsync();
        WellFormed.Assert(await Record.ExceptionAsync(listener.AcceptAsync), ConnectionError.Closed, "accept");
        Assert.Equal(-1, await Talk.TryReadByteAsync(client));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task So_is_one_that_came_when_the_last_accept_had_been_cancelled(Transport transport)
    {
        var listener = TestListener.On(transport);
        using var source = new CancellationTokenSource();
        var accept = listener.Listener.AcceptAsync(source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accept.Within());
        await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        await listener.DisposeAsync();
        Assert.Equal(-1, await Talk.TryReadByteAsync(client));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_dial_after_the_close_is_refused(Transport transport)
    {
        var listener = TestListener.On(transport);
        await listener.DisposeAsync();
        var exception = await Record.ExceptionAsync(() => listener.DialAsync(TestContext.Current.CancellationToken).Within());
        if (exception is SocketException socket)
        {
            Assert.Equal(SocketError.ConnectionRefused, socket.SocketErrorCode);
        }
        else
        {
            WellFormed.Assert(exception, ConnectionError.Refused, "dial");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task It_may_be_closed_many_times_and_by_many_at_once(Transport transport)
    {
        var listener = TestListener.On(transport);
        var endPoint = listener.Listener.LocalEndPoint;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () => listener.DisposeAsync().AsTask(), TestContext.Current.CancellationToken))).Within();
        await listener.DisposeAsync();
        Assert.Equal(endPoint, listener.Listener.LocalEndPoint);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Closing_while_clients_come_and_go_fails_nothing_but_as_closed(Transport transport)
    {
        for (var round = 0; round < 20; round++)
        {
            var listener = TestListener.On(transport);
            var acceptor = Task.Run(
                async () =>
                {
                    while (true)
                    {
                        await using var connection = await listener.AcceptAsync();
                    }
                },
                TestContext.Current.CancellationToken);
            var dialer = Task.Run(
                async () =>
                {
                    while (true)
                    {
                        await using var connection = await listener.DialAsync(TestContext.Current.CancellationToken);
                    }
                },
                TestContext.Current.CancellationToken);
            Thread.SpinWait(Random.Shared.Next(200_000));
            await listener.DisposeAsync();
            WellFormed.Assert(await Record.ExceptionAsync(() => acceptor.Within()), ConnectionError.Closed, "accept");
            Assert.NotNull(await Record.ExceptionAsync(() => dialer.Within()));
        }
    }
}
