namespace NetKit.Tests.Serving;

public sealed class ConnectionLimitTests
{
    private static ConnectionServerOptions LimitedTo(int count, ConnectionLimitMode mode) =>
        new() { MaxConnections = count, LimitMode = mode };

    [Fact]
    public async Task The_client_beyond_the_limit_waits_and_is_served_when_another_leaves()
    {
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, LimitedTo(2, ConnectionLimitMode.Wait));
        var first = await server.DialServedAsync();
        var second = await server.DialServedAsync();

        var third = await server.DialAsync();
        await third.WriteAsync("3"u8.ToArray(), TestContext.Current.CancellationToken);
        var answer = Talk.ReadByteAsync(third);
        for (var times = 0; times < 50; times++)
        {
            await RunningServer.AssertEchoes(first);
            await RunningServer.AssertEchoes(second);
            Assert.Equal(2, server.Server.ActiveConnections);
            Assert.False(answer.IsCompleted);
        }

        await first.DisposeAsync();
        Assert.Equal('3', await answer);
        Assert.Equal(2, server.Server.ActiveConnections);
    }

    [Fact]
    public async Task The_client_beyond_the_limit_is_turned_away_at_once_and_the_count_is_exact()
    {
        const int Limit = 4;
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, LimitedTo(Limit, ConnectionLimitMode.Reject));
        var served = new List<Connection>();
        for (var count = 0; count < Limit; count++)
        {
            served.Add(await server.DialServedAsync());
        }

        for (var times = 0; times < 30; times++)
        {
            Assert.Equal(-1, await server.AskAsync());
            Assert.Equal(Limit, server.Server.ActiveConnections);
        }

        foreach (var client in served)
        {
            await RunningServer.AssertEchoes(client);
        }

        await served[0].DisposeAsync();
        await Eventually.Equal(Limit - 1, () => server.Server.ActiveConnections);
        await server.DialServedAsync();
        Assert.Equal(-1, await server.AskAsync());
        await server.StopAsync();
        Assert.Equal(0, server.Server.ActiveConnections);
    }

    [Fact]
    public async Task Exactly_as_many_of_a_crowd_are_served_as_the_limit_says()
    {
        const int Limit = 5;
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, LimitedTo(Limit, ConnectionLimitMode.Reject));
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => server.AskAsync())).Within();
        Assert.Equal(Limit, answers.Count(answer => answer == '?'));
        Assert.Equal(Limit, server.Server.ActiveConnections);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_crowd_beyond_the_limit_is_served_in_turn_and_never_more_at_once(int limit)
    {
        const int Clients = 24;
        var now = 0;
        var most = 0;
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) =>
            {
                var count = Interlocked.Increment(ref now);
                InterlockedMax(ref most, count);
                try
                {
                    // Quick clients would leave before the limit is reached; the first of them wait until it is.
                    if (count == limit)
                    {
                        full.TrySetResult();
                    }

                    await full.Task.Within();
                    await RunningServer.EchoAsync(connection, stopping);
                }
                finally
                {
                    Interlocked.Decrement(ref now);
                }
            },
            LimitedTo(limit, ConnectionLimitMode.Wait));

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async number =>
        {
            await using var client = await server.DialAsync();
            for (var times = 0; times < 5; times++)
            {
                await RunningServer.AssertEchoes(client, (byte)number);
                Assert.InRange(server.Server.ActiveConnections, 1, limit);
            }
        })).Within();

        Assert.Equal(limit, most);
        await Eventually.Equal(0, () => server.Server.ActiveConnections);
    }

    [Theory]
    [InlineData(ConnectionLimitMode.Wait)]
    [InlineData(ConnectionLimitMode.Reject)]
    public async Task A_slot_is_given_back_on_every_path(ConnectionLimitMode mode)
    {
        var count = 0;
        await using var server = RunningServer.OnTcp(
            (connection, stopping) => (Interlocked.Increment(ref count) % 5) switch
            {
                0 => throw new InvalidOperationException("at once"),
                1 => Task.FromException(new InvalidOperationException("as a task")),
                2 => null!,
                3 => Task.CompletedTask,
                _ => Task.FromCanceled(new CancellationToken(canceled: true)),
            },
            LimitedTo(3, mode));
        for (var times = 0; times < 100; times++)
        {
            var before = Volatile.Read(ref count);
            await Eventually.Equal(0, () => server.Server.ActiveConnections);
            Assert.Equal(-1, await server.AskAsync());
            await Eventually.Equal(before + 1, () => Volatile.Read(ref count));
        }
    }

    [Fact]
    public async Task A_socket_that_cannot_be_set_up_gives_its_slot_back()
    {
        var count = 0;
        var options = new ListenerOptions();
        options.Socket.Configure = _ =>
        {
            if (Interlocked.Increment(ref count) <= 10)
            {
                throw new InvalidOperationException("on purpose");
            }
        };
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, LimitedTo(1, ConnectionLimitMode.Wait), listening: options);
        for (var times = 0; times < 10; times++)
        {
            Assert.Equal(-1, await server.AskAsync());
        }

        await server.DialServedAsync();
        Assert.Equal(1, server.Server.ActiveConnections);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
