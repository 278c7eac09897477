using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

// A caller's token ends that one call, with that token, and leaves nothing behind.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task A_token_cancelled_before_a_read_ends_it_and_consumes_nothing()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await server.WriteAsync(new byte[] { 1 });
        await client.UntilReadable();
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Fails.ByToken(client.ReadAsync(new byte[1], source.Token), source.Token);
        Assert.Equal([1], await Peer.ReadAsync(client, 1));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_cancelled_before_a_write_ends_it_and_sends_nothing()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Fails.ByToken(client.WriteAsync(new byte[] { 1 }, source.Token), source.Token);
        await client.WriteAsync(new byte[] { 2 });
        Assert.Equal([2], await Peer.ReadAsync(server, 1));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_ends_the_read_that_waits_and_no_byte_is_lost()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        for (byte i = 0; i < 20; i++)
        {
            using var source = new CancellationTokenSource();
            var read = client.ReadAsync(new byte[8], source.Token).AsTask();
            await source.CancelAsync();
            await Fails.ByToken(read, source.Token);
            await server.WriteAsync(new[] { i });
            Assert.Equal([i], await Peer.ReadAsync(client, 1));
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_that_races_with_data_loses_no_byte()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        const int Rounds = 300;
        var sent = Payload.Random(Rounds);
        var writer = Task.Run(async () =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                await server.WriteAsync(sent.AsMemory(i, 1));
                await Task.Yield();
            }

            await server.CompleteWritesAsync();
        });

        using var received = new MemoryStream();
        var buffer = new byte[4];
        while (true)
        {
            using var source = new CancellationTokenSource();
            var cancelling = Task.Run(source.Cancel);
            try
            {
                var count = await client.ReadAsync(buffer, source.Token);
                if (count == 0)
                {
                    break;
                }

                received.Write(buffer, 0, count);
            }
            catch (OperationCanceledException exception)
            {
                Assert.Equal(source.Token, exception.CancellationToken);
            }

            await cancelling;
        }

        await writer;
        Assert.Equal(sent, received.ToArray());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_ends_the_write_that_waits()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        using var source = new CancellationTokenSource();
        var write = WriteTooMuch(client, source.Token);
        await Waiting.StillWaits(write);
        await source.CancelAsync();
        await Fails.ByToken(write, source.Token);
        if (!WritesSurviveATimeout)
        {
            await AssertOnlyWritesAreOverAsync(client, server);
            return;
        }

        // How much had gone is unknown, but it is a beginning, and nothing follows it but the next write.
        var received = Peer.ReadToEndAsync(server);
        byte[] next = [1, 2, 3];
        await client.WriteAsync(next);
        await client.CompleteWritesAsync();
        var all = await received;
        Assert.True(all.AsSpan(0, all.Length - 3).SequenceEqual(Payload.Large.Span[..(all.Length - 3)]));
        Assert.Equal(next, all[^3..]);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_cancelled_after_its_operations_disturbs_no_later_one()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.EchoAsync(server));
        using var source = new CancellationTokenSource();
        for (var i = 0; i < 100; i++)
        {
            await client.WriteAsync(new byte[1], source.Token);
            await client.ReadExactlyAsync(new byte[1], source.Token);
        }

        var read = client.ReadAsync(new byte[1]).AsTask();
        await source.CancelAsync();
        await Waiting.StillWaits(read);
        await client.WriteAsync(new byte[1]);
        Assert.Equal(1, await read);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_that_comes_before_the_deadline_ends_the_read_as_cancelled()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var client = pair.First;
        using var source = new CancellationTokenSource();
        client.ReadDeadline = Deadline.After(s_second, time);
        var read = client.ReadAsync(new byte[1], source.Token).AsTask();
        await source.CancelAsync();
        await Fails.ByToken(read, source.Token);
        time.Advance(s_second);
        await Fails.AtDeadline(client.ReadAsync(new byte[1]));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_deadline_that_comes_before_the_token_ends_the_read_as_timed_out()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var client = pair.First;
        using var source = new CancellationTokenSource();
        client.ReadDeadline = Deadline.After(s_second, time);
        var read = client.ReadAsync(new byte[1], source.Token).AsTask();
        time.Advance(s_second);
        await Fails.AtDeadline(read);
        await source.CancelAsync();
        client.ReadDeadline = Deadline.None;
        await Waiting.StillWaits(client.ReadAsync(new byte[1]).AsTask());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_deadline_that_comes_before_the_token_ends_the_write_as_timed_out()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var client = pair.First;
        using var source = new CancellationTokenSource();
        client.WriteDeadline = Deadline.After(s_second, time);
        var write = WriteTooMuch(client, source.Token);
        await Waiting.StillWaits(write);
        time.Advance(s_second);
        await Fails.AtDeadline(write);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_ends_only_the_read_that_waits_for_its_turn()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        using var source = new CancellationTokenSource();
        var first = client.ReadAsync(new byte[1]).AsTask();
        var second = client.ReadAsync(new byte[1], source.Token).AsTask();
        await source.CancelAsync();
        await Fails.ByToken(second, source.Token);
        await Waiting.StillWaits(first);
        await server.WriteAsync(new byte[] { 5 });
        Assert.Equal(1, await first);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_ends_the_first_read_and_the_next_in_turn_gets_the_byte()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        using var source = new CancellationTokenSource();
        var buffer = new byte[1];
        var first = client.ReadAsync(new byte[1], source.Token).AsTask();
        var second = client.ReadAsync(buffer).AsTask();
        await source.CancelAsync();
        await Fails.ByToken(first, source.Token);
        await server.WriteAsync(new byte[] { 5 });
        Assert.Equal(1, await second);
        Assert.Equal([5], buffer);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_ends_only_the_write_that_waits_for_its_turn()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        using var source = new CancellationTokenSource();
        var first = WriteTooMuch(client);
        var second = client.WriteAsync(new byte[] { 5 }, source.Token).AsTask();
        await Waiting.StillWaits(second);
        await source.CancelAsync();
        await Fails.ByToken(second, source.Token);
        var received = Peer.ReceiveBeginningOfAsync(server, Payload.Large);
        await first;
        await client.CompleteWritesAsync();
        Assert.Equal(Payload.Large.Length, await received);
    }
}
