namespace NetKit.Tests.Listening;

public sealed class AcceptAllTests
{
    public static TheoryData<Transport> All => TestListener.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task It_gives_every_client_and_ends_when_the_listener_is_disposed(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        var accepted = 0;
        var loop = Task.Run(
            async () =>
            {
                await foreach (var connection in listener.Listener.AcceptAllAsync())
                {
                    Interlocked.Increment(ref accepted);
                    await connection.DisposeAsync();
                }
            },
            TestContext.Current.CancellationToken);
        for (var count = 0; count < 20; count++)
        {
            await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        }

        await Eventually.Equal(20, () => Volatile.Read(ref accepted));
        await listener.DisposeAsync();
        await loop.Within();
        Assert.Equal(20, accepted);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task On_a_disposed_listener_it_ends_at_once(Transport transport)
    {
        var listener = TestListener.On(transport);
        await listener.DisposeAsync();
        await foreach (var connection in listener.Listener.AcceptAllAsync(TestContext.Current.CancellationToken))
        {
            Assert.Fail($"{connection} came from a listener that is closed.");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_cancelled_loop_ends_with_the_caller_s_token_and_leaves_the_listener_open(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        using var source = new CancellationTokenSource();
        var loop = Task.Run(
            async () =>
            {
                await foreach (var connection in listener.Listener.AcceptAllAsync(source.Token))
                {
                    await connection.DisposeAsync();
                }
            },
            TestContext.Current.CancellationToken);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loop.Within());

        await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        await using var server = await listener.AcceptAsync();
        await Talk.AssertBothWays(client, server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Leaving_the_loop_leaves_the_listener_open(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        for (var times = 0; times < 3; times++)
        {
            await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
            await foreach (var server in listener.Listener.AcceptAllAsync(TestContext.Current.CancellationToken))
            {
                await Talk.AssertBothWays(client, server);
                await server.DisposeAsync();
                break;
            }
        }
    }
}
