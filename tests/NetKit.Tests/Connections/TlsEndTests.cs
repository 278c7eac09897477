namespace NetKit.Tests.Connections;

/// <summary>How TLS ends one direction, or both, while the other works.</summary>
public sealed class TlsEndTests
{
    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Both_sides_may_complete_their_writes_at_the_same_moment_while_they_read()
    {
        for (var round = 0; round < 1000; round++)
        {
            await using var pair = await Pairs.TlsAsync(Pairs.Memory());
            using var start = new Barrier(2);
            var reading = new[] { Peer.DrainAsync(pair.First), Peer.DrainAsync(pair.Second) };
            var completing = new[] { CompleteAsync(pair.First, start), CompleteAsync(pair.Second, start) };
            await Task.WhenAll(completing).Within();
            var received = await Task.WhenAll(reading).Within();
            Assert.All(received, count => Assert.Equal(1, count));
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Closing_while_a_read_is_at_work_never_throws()
    {
        for (var round = 0; round < 1000; round++)
        {
            await using var plain = Pairs.Memory();
            var (client, server) = await Pairs.TlsAsync(plain);
            await server.WriteAsync(new byte[1]);

            // The first read finds the session tickets before the byte, and closing must not mind.
            using var start = new Barrier(2);
            var reading = Waiting.OnThread(() =>
            {
                start.SignalAndWait();
                return Peer.DrainAsync(client);
            });
            start.SignalAndWait();
            Thread.SpinWait(round % 100 * 20);
            await client.DisposeAsync();
            await (await reading).IgnoringFailedConnection();
            await Fails.AsClosed(plain.First.ReadAsync(new byte[1]));
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Closing_synchronously_sends_the_goodbye_too()
    {
        await using var plain = Pairs.Memory();
        var (client, _) = await Pairs.TlsAsync(plain);
        client.Dispose();
        Assert.NotEqual(0, await Peer.DrainAsync(plain.Second));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_write_after_completing_writes_timed_out_fails_as_closed()
    {
        await using var plain = Pairs.Memory();
        var (client, _) = await Pairs.TlsAsync(plain);

        // The transport is filled behind the back of TLS, so that the notice is what has to wait.
        plain.First.WriteTimeout = 50;
        await Fails.AtDeadline(plain.First.WriteAsync(new byte[1 << 20]));
        var exception = await Fails.AtDeadline(client.CompleteWritesAsync());
        await Fails.AsClosed(client.WriteAsync(new byte[1]));
        Assert.Equal("complete writes", exception.Operation);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_timeout_ends_the_wait_to_complete_writes()
    {
        await using var pair = await Pairs.TlsAsync(await Pairs.TcpAsync());
        pair.Run(pair.First.WriteAsync(Payload.Large).AsTask());
        pair.First.WriteTimeout = 50;
        await Fails.AtDeadline(pair.First.CompleteWritesAsync().Within());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_write_that_timed_out_counts_no_bytes()
    {
        await using var pair = await Pairs.TlsAsync(Pairs.Memory());
        pair.First.WriteDeadline = Deadline.After(TimeSpan.FromMilliseconds(50));
        var exception = await Fails.AtDeadline(pair.First.WriteAsync(new byte[1 << 20]));
        Assert.Equal(0, exception.BytesTransferred);
    }

    private static Task CompleteAsync(Connection connection, Barrier start) => Waiting.OnThread(() =>
    {
        connection.Write([1]);
        start.SignalAndWait();
        return connection.CompleteWritesAsync().AsTask();
    }).Unwrap();
}
