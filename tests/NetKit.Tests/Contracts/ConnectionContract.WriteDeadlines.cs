using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

// Deadlines on writes, on a clock that the test moves.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task A_write_after_its_deadline_fails_again_and_again_and_sends_nothing()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.WriteDeadline = Past;
        Assert.Equal(0, (await Fails.AtDeadline(client.WriteAsync(new byte[] { 1 }))).BytesTransferred);
        Assert.Equal(0, (await Fails.AtDeadline(client.WriteAsync(new byte[] { 2 }))).BytesTransferred);
        await Fails.AtDeadline(client.WriteAsync(ReadOnlyMemory<byte>.Empty));
        client.WriteDeadline = Deadline.None;
        await client.WriteAsync(new byte[] { 3 });
        Assert.Equal([3], await Peer.ReadAsync(server, 1));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_write_that_timed_out_can_go_on_from_its_count()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.WriteDeadline = Deadline.After(s_second, time);
        var write = WriteTooMuch(client);
        await Waiting.StillWaits(write);
        time.Advance(s_second);
        var taken = (await Fails.AtDeadline(write)).BytesTransferred;
        client.WriteDeadline = Deadline.None;
        if (!WritesSurviveATimeout)
        {
            await AssertOnlyWritesAreOverAsync(client, server);
            return;
        }

        Assert.InRange(taken, 1, Payload.Large.Length - 1);
        var received = Peer.ReceiveBeginningOfAsync(server, Payload.Large);
        await client.WriteAsync(Payload.Large[(int)taken..]);
        await client.CompleteWritesAsync();
        Assert.Equal(Payload.Large.Length, await received);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_write_that_timed_out_counts_exactly_what_the_peer_receives()
    {
        if (!WritesSurviveATimeout)
        {
            return;
        }

        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.WriteDeadline = Deadline.After(s_second, time);
        var write = WriteTooMuch(client);

        // The deadline passes while the peer makes room.
        var some = await Peer.ReadAsync(server, 1 << 20);
        Assert.True(some.AsSpan().SequenceEqual(Payload.Large.Span[..some.Length]));
        time.Advance(s_second);
        var taken = (await Fails.AtDeadline(write)).BytesTransferred;
        client.WriteDeadline = Deadline.None;
        await client.CompleteWritesAsync();
        Assert.Equal(taken, some.Length + await Peer.ReceiveBeginningOfAsync(server, Payload.Large[some.Length..]));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Extending_the_deadline_of_a_write_that_waits_keeps_it_waiting()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var client = pair.First;
        client.WriteDeadline = Deadline.After(s_second, time);
        var write = WriteTooMuch(client);
        client.WriteDeadline = Deadline.After(2 * s_second, time);
        time.Advance(s_second);
        await Waiting.StillWaits(write);
        time.Advance(s_second);
        await Fails.AtDeadline(write);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Clearing_the_deadline_of_a_write_that_waits_keeps_it_waiting()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.WriteDeadline = Deadline.After(s_second, time);
        var write = WriteTooMuch(client);
        client.WriteDeadline = Deadline.None;
        time.Advance(100 * s_second);
        await Waiting.StillWaits(write);
        var received = Peer.ReceiveBeginningOfAsync(server, Payload.Large);
        await write;
        await client.CompleteWritesAsync();
        Assert.Equal(Payload.Large.Length, await received);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Shortening_the_deadline_of_a_write_that_waits_ends_it_at_the_new_time()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var client = pair.First;
        client.WriteDeadline = Deadline.After(100 * s_second, time);
        var write = WriteTooMuch(client);
        client.WriteDeadline = Deadline.After(2 * s_second, time);
        time.Advance(s_second);
        await Waiting.StillWaits(write);
        time.Advance(s_second);
        await Fails.AtDeadline(write);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_deadline_given_to_a_write_that_waits_without_one_ends_it()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var write = WriteTooMuch(client);
        client.WriteDeadline = Deadline.After(s_second, time);
        await Waiting.StillWaits(write);
        time.Advance(s_second);
        await Fails.AtDeadline(write);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_write_without_a_deadline_waits_although_the_read_deadline_passed_and_ends_with_the_close()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        client.SetDeadline(Past);
        client.WriteDeadline = Deadline.None;
        var write = WriteTooMuch(client);
        await Waiting.StillWaits(write);
        var closing = client.DisposeAsync();
        await Fails.AsClosed(write);
        pair.Run(Peer.DrainAsync(pair.Second));
        await closing;
    }

    /// <summary>After a record was cut short: writes fail for good and not as a deadline, reads go on.</summary>
    private static async Task AssertOnlyWritesAreOverAsync(Connection connection, Connection peer)
    {
        for (var i = 0; i < 2; i++)
        {
            var failure = await Assert.ThrowsAsync<ConnectionException>(() => connection.WriteAsync(new byte[1]).AsTask());
            Fails.AssertWellFormed(failure);
        }

        await peer.WriteAsync(new byte[] { 42 });
        Assert.Equal([42], await Peer.ReadAsync(connection, 1));
    }
}
