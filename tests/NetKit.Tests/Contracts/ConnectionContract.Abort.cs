namespace NetKit.Tests;

// Abort: at once, from any thread, at any time; the peer gets an error.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task Aborting_ends_pending_and_later_operations_as_closed()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var read = client.ReadAsync(new byte[1]).AsTask();
        var write = WriteTooMuch(client);
        await Waiting.StillWaits(write);
        client.Abort();
        await Fails.AsClosed(read);
        await Fails.AsClosed(write);
        await AssertClosedAsync(client);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Aborting_ends_the_peers_read_as_reset()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var read = server.ReadAsync(new byte[1]).AsTask();
        client.Abort();
        await AssertEndOfAbortedAsync(() => read);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_empty_read_does_not_swallow_a_reset(bool waiting)
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var empty = waiting ? server.ReadAsync(Memory<byte>.Empty) : default;
        client.Abort();
        await AssertEndOfAbortedAsync(async () =>
        {
            // May report the reset itself; must not hide it from the read after it.
            _ = await (waiting ? empty : server.ReadAsync(Memory<byte>.Empty));
            return await server.ReadAsync(new byte[1]);
        });
    }

    [Fact(Timeout = Watchdog)]
    public async Task Copying_from_a_peer_that_aborts_does_not_end_as_if_it_were_all()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await client.WriteAsync(new byte[100]);
        var copying = server.CopyToAsync(Stream.Null);
        await Waiting.StillWaits(copying);
        client.Abort();
        await AssertEndOfAbortedAsync(async () =>
        {
            await copying;
            return 0;
        });
    }

    [Fact(Timeout = Watchdog)]
    public async Task Aborting_ends_the_peers_write_as_reset()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var write = WriteTooMuch(server);
        await Waiting.StillWaits(write);
        client.Abort();
        await Fails.AsReset(write);
        await Fails.AsReset(WriteUntilFailureAsync(server));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Aborting_twice_from_many_tasks_is_aborting_once()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(client.Abort)));
        client.Abort();
        await client.DisposeAsync();
        client.Abort();
    }

    [Fact(Timeout = Watchdog)]
    public async Task Aborting_and_closing_at_once_leave_it_closed()
    {
        for (var i = 0; i < 20; i++)
        {
            await using var pair = await ConnectAsync();
            var client = pair.First;
            var read = client.ReadAsync(new byte[1]).AsTask();
            await Task.WhenAll(Task.Run(client.Abort), Task.Run(async () => await client.DisposeAsync()));
            await Fails.AsClosed(read);
        }
    }

    private async Task AssertEndOfAbortedAsync(Func<Task<int>> read)
    {
        if (PeerSeesAborts)
        {
            await Fails.AsReset(read());
        }
        else
        {
            Assert.Equal(0, await read());
        }
    }
}
