using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

// CompleteWritesAsync: the peer reads the end, and this side reads on.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task Completing_writes_gives_the_peer_the_end_while_reads_go_on()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var read = client.ReadAsync(new byte[3]).AsTask();
        await client.WriteAsync(new byte[] { 1, 2 });
        await client.CompleteWritesAsync();
        Assert.Equal([1, 2], await Peer.ReadToEndAsync(server));
        Assert.Equal(0, await server.ReadAsync(new byte[1]));
        await server.WriteAsync(new byte[] { 3, 4, 5 });
        Assert.InRange(await read, 1, 3);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Writing_after_completing_writes_fails_as_closed()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        await client.CompleteWritesAsync();
        await Fails.AsClosed(client.WriteAsync(new byte[1]));
        await Fails.AsClosed(client.WriteAsync(Sequences.Of(new byte[1], new byte[1])));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Completing_writes_again_does_nothing()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await client.CompleteWritesAsync();
        await client.CompleteWritesAsync();
        await Task.WhenAll(client.CompleteWritesAsync().AsTask(), client.CompleteWritesAsync().AsTask());
        Assert.Equal(0, await server.ReadAsync(new byte[1]));
        await server.WriteAsync(new byte[] { 9 });
        Assert.Equal([9], await Peer.ReadAsync(client, 1));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Both_sides_may_complete_their_writes()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await client.WriteAsync(new byte[] { 1 });
        await client.CompleteWritesAsync();
        Assert.Equal([1], await Peer.ReadToEndAsync(server));
        await server.WriteAsync(new byte[] { 2 });
        await server.CompleteWritesAsync();
        Assert.Equal([2], await Peer.ReadToEndAsync(client));
        await Fails.AsClosed(client.WriteAsync(new byte[1]));
        await Fails.AsClosed(server.WriteAsync(new byte[1]));
        await client.DisposeAsync();
        await server.DisposeAsync();
        await Fails.AsClosed(client.ReadAsync(new byte[1]));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Completing_writes_comes_after_the_writes_before_it()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var write = WriteTooMuch(client);
        var end = client.CompleteWritesAsync().AsTask();
        await Waiting.StillWaits(end);
        Assert.Equal(Payload.Large.Length, await Peer.ReceiveBeginningOfAsync(server, Payload.Large));
        await write;
        await end;
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_ends_the_wait_to_complete_writes_and_nothing_was_sent()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        using var source = new CancellationTokenSource();
        var write = WriteTooMuch(client);
        var end = client.CompleteWritesAsync(source.Token).AsTask();
        await Waiting.StillWaits(end);
        await source.CancelAsync();
        await Fails.ByToken(end, source.Token);

        var received = Peer.ReadAsync(server, Payload.Large.Length + 1);
        await write;
        await client.WriteAsync(new byte[] { 7 });
        Assert.Equal(7, (await received)[^1]);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_deadline_ends_the_wait_to_complete_writes()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var client = pair.First;
        client.WriteDeadline = Deadline.After(s_second, time);
        var write = WriteTooMuch(client);
        var end = client.CompleteWritesAsync().AsTask();
        await Waiting.StillWaits(end);
        time.Advance(s_second);
        await Fails.AtDeadline(write);

        // On TLS the write before it has ended the write side, and that may be seen first.
        var failure = await Assert.ThrowsAnyAsync<ConnectionException>(() => end);
        Assert.True(failure is DeadlineExceededException || !WritesSurviveATimeout, failure.ToString());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_large_write_goes_on_after_the_peer_has_completed_its_own()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await server.CompleteWritesAsync();
        Assert.Equal(0, await client.ReadAsync(new byte[1]));
        var write = WriteTooMuch(client);
        await Waiting.StillWaits(write);
        var received = Peer.ReceiveBeginningOfAsync(server, Payload.Large);
        await write;
        await client.CompleteWritesAsync();
        Assert.Equal(Payload.Large.Length, await received);
    }
}
