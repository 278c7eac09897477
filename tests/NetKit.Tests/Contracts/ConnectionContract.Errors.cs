namespace NetKit.Tests;

// What an exception says. Every helper in Fails looks at its form too.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task Failures_name_the_operation_and_the_endpoints()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var (local, remote) = (client.LocalEndPoint, client.RemoteEndPoint);
        client.SetDeadline(Past);
        var failures = new List<ConnectionException>
        {
            await Fails.AtDeadline(client.ReadAsync(new byte[1])),
            await Fails.AtDeadline(client.WriteAsync(new byte[1])),
        };
        client.SetDeadline(Deadline.None);
        var read = client.ReadAsync(new byte[1]).AsTask();
        var write = WriteTooMuch(client);
        await Waiting.StillWaits(write);
        var closing = client.DisposeAsync();
        failures.Add(await Fails.AsClosed(read));
        failures.Add(await Fails.AsClosed(write));
        pair.Run(Peer.DrainAsync(pair.Second));
        await closing;
        failures.Add(await Fails.AsClosed(client.ReadAsync(new byte[1])));
        failures.Add(await Fails.AsClosed(client.WriteAsync(new byte[1])));

        Assert.Equal(["read", "write", "read", "write", "read", "write"], failures.Select(failure => failure.Operation));
        Assert.All(failures, failure => Assert.Equal((local, remote), (failure.LocalEndPoint, failure.RemoteEndPoint)));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_pending_operation_and_a_later_one_fail_alike_on_a_closed_connection()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var read = client.ReadAsync(new byte[1]).AsTask();
        await client.DisposeAsync();
        var pending = await Fails.AsClosed(read);
        var later = await Fails.AsClosed(client.ReadAsync(new byte[1]));
        Assert.Equal(pending.Message, later.Message);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_reset_is_neither_an_end_nor_a_timeout()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        server.Abort();
        await AssertEndOfAbortedAsync(() => client.ReadAsync(new byte[1]).AsTask());
    }

    [Fact(Timeout = Watchdog)]
    public async Task Ids_are_short_and_differ()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        Assert.Equal(client.Id, client.Id);
        Assert.NotEqual(client.Id, server.Id);
        Assert.InRange(client.Id.Length, 1, 16);
        Assert.StartsWith(client.Id, client.ToString(), StringComparison.Ordinal);
    }
}
