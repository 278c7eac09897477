using System.Diagnostics;

namespace NetKit.Tests;

// Closing: the peer gets all that was sent and then the end; on this side everything fails as closed.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task Closing_ends_the_read_that_waits()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var read = client.ReadAsync(new byte[1]).AsTask();
        await client.DisposeAsync();
        await Fails.AsClosed(read);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_ends_the_write_that_waits()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var write = WriteTooMuch(client);
        await Waiting.StillWaits(write);

        // At once: whoever waits is told before the rest of the close, which the peer may delay.
        var closing = client.DisposeAsync();
        await Fails.AsClosed(write);
        pair.Run(Peer.DrainAsync(pair.Second));
        await closing;
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_ends_also_those_that_wait_for_their_turn()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var reads = Enumerable.Range(0, 3).Select(_ => client.ReadAsync(new byte[1]).AsTask()).ToArray();
        var writes = Enumerable.Range(0, 3).Select(_ => WriteTooMuch(client)).ToArray();
        await Waiting.StillWaits(writes[0]);
        var closing = client.DisposeAsync();
        foreach (var operation in reads.Concat(writes))
        {
            await Fails.AsClosed(operation);
        }

        pair.Run(Peer.DrainAsync(pair.Second));
        await closing;
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_takes_a_bounded_time_although_the_peer_does_not_read()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var write = WriteTooMuch(client);
        await Waiting.StillWaits(write);
        var started = Stopwatch.GetTimestamp();
        await client.DisposeAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        await Fails.AsClosed(write);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Whatever_is_called_on_a_closed_connection_fails_as_closed()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var (local, remote, id) = (client.LocalEndPoint, client.RemoteEndPoint, client.Id);
        await client.DisposeAsync();
        await AssertClosedAsync(client);

        // Who it was can still be asked, for the log.
        Assert.Equal((local, remote, id), (client.LocalEndPoint, client.RemoteEndPoint, client.Id));
        Assert.Contains(id, client.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_closed_connection_is_closed_even_when_its_deadlines_passed()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        await client.DisposeAsync();
        client.SetDeadline(Past);
        await AssertClosedAsync(client);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_twice_from_many_tasks_in_every_way_is_closing_once()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await client.WriteAsync(new byte[] { 1 });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            if (i % 2 == 0)
            {
                await client.DisposeAsync();
            }
            else
            {
                client.Dispose();
            }
        })));

        await client.DisposeAsync();
        Assert.Equal([1], await Peer.ReadToEndAsync(server));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_gives_the_peer_all_that_was_written_and_then_the_end()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var sent = Payload.Random(32 * 1024);
        await client.WriteAsync(sent);
        await client.DisposeAsync();
        Assert.Equal(sent, await Peer.ReadToEndAsync(server));
        Assert.Equal(0, await server.ReadAsync(new byte[1]));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_with_a_read_waiting_gives_the_peer_the_end_and_no_reset()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var sent = Payload.Random(32 * 1024);
        var read = client.ReadAsync(new byte[1]).AsTask();
        await client.WriteAsync(sent);
        await client.DisposeAsync();
        await Fails.AsClosed(read);
        Assert.Equal(sent, await Peer.ReadToEndAsync(server));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_synchronously_gives_the_peer_the_end_too()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var read = client.ReadAsync(new byte[1]).AsTask();
        await client.WriteAsync(new byte[] { 1, 2, 3 });
        client.Dispose();
        await Fails.AsClosed(read);
        Assert.Equal([1, 2, 3], await Peer.ReadToEndAsync(server));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_by_the_peer_ends_the_read_that_waits_with_0()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var read = client.ReadAsync(new byte[1]).AsTask();
        await server.DisposeAsync();
        Assert.Equal(0, await read);
        Assert.Equal(0, await client.ReadAsync(new byte[1]));
        Assert.Equal(0, await client.ReadAsync(Memory<byte>.Empty));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Writing_to_a_peer_that_closed_fails_as_reset_sooner_or_later()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await server.DisposeAsync();
        await Fails.AsReset(WriteUntilFailureAsync(client));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_by_the_peer_ends_the_write_that_waits_as_reset()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var write = WriteTooMuch(client);
        await Waiting.StillWaits(write);
        await server.DisposeAsync();
        await Fails.AsReset(write);
    }

    [Fact(Timeout = Watchdog)]
    public async Task After_closing_no_operation_touches_a_buffer()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var readBuffer = new byte[1024];
        var read = client.ReadAsync(readBuffer).AsTask();
        var writeBuffer = Payload.Of(1, 64 << 20);
        var write = client.WriteAsync(writeBuffer).AsTask();
        await Waiting.StillWaits(write);
        await client.DisposeAsync();
        readBuffer.AsSpan().Fill(0xA5);
        writeBuffer.AsSpan().Fill(0xEE);
        await server.WriteAsync(new byte[1024]).AsTask().IgnoringFailedConnection();
        await Fails.AsClosed(read);
        await Fails.AsClosed(write);
        Assert.False(readBuffer.AsSpan().ContainsAnyExcept((byte)0xA5));

        var buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await server.ReadAsync(buffer)) > 0)
            {
                Assert.False(buffer.AsSpan(0, count).ContainsAnyExcept((byte)1));
            }
        }
        catch (ConnectionException exception)
        {
            // A write was cut short, so an end that is not clean is right as well.
            Fails.AssertWellFormed(exception);
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_races_with_operations_and_they_only_ever_fail_as_closed()
    {
        for (var i = 0; i < 30; i++)
        {
            await using var pair = await ConnectAsync();
            var (client, server) = pair;
            pair.Run(Peer.EchoAsync(server));
            var read = Task.Run(() => ReadUntilFailureAsync(client));
            var write = Task.Run(() => WriteUntilFailureAsync(client));
            var close = Task.Run(async () => await client.DisposeAsync());
            await Fails.AsClosed(read);
            await Fails.AsClosed(write);
            await close;
        }
    }

    private static async Task AssertClosedAsync(Connection connection)
    {
        await Fails.AsClosed(connection.ReadAsync(new byte[1]));
        await Fails.AsClosed(connection.ReadAsync(Memory<byte>.Empty));
        await Fails.AsClosed(connection.WriteAsync(new byte[1]));
        await Fails.AsClosed(connection.WriteAsync(ReadOnlyMemory<byte>.Empty));
        await Fails.AsClosed(connection.WriteAsync(Sequences.Of(new byte[1], new byte[2])));
        await Fails.AsClosed(connection.CompleteWritesAsync());
        await Fails.AsClosed(connection.CopyToAsync(Stream.Null));
        await Fails.AsClosed(Waiting.OnThread(() => connection.Read(new byte[1])));
        await Fails.AsClosed(Waiting.OnThread(() => connection.Write(new byte[1])));
        connection.SetDeadline(In(1000));
        connection.SetDeadline(Deadline.None);
        connection.Abort();
        await connection.DisposeAsync();
    }
}
