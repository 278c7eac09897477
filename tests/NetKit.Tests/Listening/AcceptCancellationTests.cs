namespace NetKit.Tests.Listening;

public sealed class AcceptCancellationTests
{
    public static TheoryData<Transport> All => TestListener.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_cancelled_accept_ends_with_the_caller_s_token_and_the_next_one_works(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        using var source = new CancellationTokenSource();
        var accept = listener.Listener.AcceptAsync(source.Token).AsTask();
        await source.CancelAsync();
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accept.Within());
        Assert.Equal(source.Token, exception.CancellationToken);

        await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        await using var server = await listener.AcceptAsync();
        await Talk.AssertBothWays(client, server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_token_cancelled_before_takes_nobody_off_the_queue(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        var cancelled = new CancellationToken(canceled: true);
        for (var times = 0; times < 10; times++)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listener.Listener.AcceptAsync(cancelled).AsTask().Within());
        }

        await using var server = await listener.AcceptAsync();
        await Talk.AssertBothWays(client, server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_client_that_comes_after_the_cancel_goes_to_the_next_accept(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        for (var times = 0; times < 50; times++)
        {
            using var source = new CancellationTokenSource();
            var accept = listener.Listener.AcceptAsync(source.Token).AsTask();
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accept.Within());
        }

        for (var times = 0; times < 50; times++)
        {
            await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
            await using var server = await listener.AcceptAsync();
            await Talk.AssertBothWays(client, server);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task No_client_is_lost_when_the_cancel_and_the_dial_race(Transport transport)
    {
        const int Rounds = 300;
        await using var listener = TestListener.On(transport);
        var cancelled = 0;
        for (var round = 0; round < Rounds; round++)
        {
            using var source = new CancellationTokenSource();
            var accept = listener.Listener.AcceptAsync(source.Token).AsTask();
            var dial = Task.Run(() => listener.DialAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
            var spins = Random.Shared.Next(20_000);
            var cancel = Task.Run(
                () =>
                {
                    Thread.SpinWait(spins);
                    source.Cancel();
                },
                TestContext.Current.CancellationToken);

            await cancel.Within();
            await using var client = await dial.Within();
            await client.WriteAsync(new[] { (byte)round }, TestContext.Current.CancellationToken);
            Connection server;
            try
            {
                server = await accept.Within();
            }
            catch (OperationCanceledException)
            {
                cancelled++;
                server = await listener.AcceptAsync();
            }

            Assert.Equal((byte)round, await Talk.ReadByteAsync(server));
            await server.DisposeAsync();
        }

        Assert.InRange(cancelled, 0, Rounds);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task One_of_several_accepts_is_cancelled_and_the_others_are_not(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        using var source = new CancellationTokenSource();
        var first = listener.AcceptAsync();
        var middle = listener.Listener.AcceptAsync(source.Token).AsTask();
        var last = listener.AcceptAsync();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => middle.Within());

        await using var one = await listener.DialAsync(TestContext.Current.CancellationToken);
        await using var two = await listener.DialAsync(TestContext.Current.CancellationToken);
        await using var a = await first;
        await using var b = await last;
        await one.WriteAsync("x"u8.ToArray(), TestContext.Current.CancellationToken);
        await two.WriteAsync("x"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal('x', await Talk.ReadByteAsync(a));
        Assert.Equal('x', await Talk.ReadByteAsync(b));
    }
}
