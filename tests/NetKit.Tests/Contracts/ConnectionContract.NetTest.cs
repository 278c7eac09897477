using System.Buffers.Binary;

namespace NetKit.Tests;

// The eleven subtests of golang.org/x/net/nettest.TestConn, in its order. The racy ones are stronger here: Go has a race
// detector, we have canaries and byte counts.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task A_megabyte_in_small_writes_arrives_unchanged()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var sent = Payload.Random(1 << 20);
        var writer = Task.Run(async () =>
        {
            for (var offset = 0; offset < sent.Length; offset += 1024)
            {
                await client.WriteAsync(sent.AsMemory(offset, 1024));
            }

            await client.DisposeAsync();
        });

        var received = await Peer.ReadToEndAsync(server);
        await server.DisposeAsync();
        await writer;
        Assert.True(received.AsSpan().SequenceEqual(sent), $"{received.Length} bytes came of {sent.Length}, or they differ.");
    }

    [Fact(Timeout = Watchdog)]
    public async Task Two_sides_count_to_a_thousand_in_turn()
    {
        await using var pair = await ConnectAsync();
        var first = CountAsync(pair.First);
        var second = CountAsync(pair.Second);
        await pair.First.WriteAsync(new byte[8]);
        Assert.Equal(999, Math.Min(await first, await second));

        static async Task<long> CountAsync(Connection connection)
        {
            var buffer = new byte[8];
            var previous = 0L;
            while (await connection.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length)
            {
                var value = BinaryPrimitives.ReadInt64LittleEndian(buffer);
                Assert.True(previous == 0 || value == previous + 2, $"{value} after {previous}.");
                previous = value;
                if (value == 1000)
                {
                    break;
                }

                BinaryPrimitives.WriteInt64LittleEndian(buffer, value + 1);
                await connection.WriteAsync(buffer);
            }

            await connection.DisposeAsync();
            return previous;
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Racing_reads_lose_no_byte_and_never_touch_a_returned_buffer()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        using var enough = new CancellationTokenSource();
        var flood = FloodUntilAsync(server, enough.Token);
        client.ReadDeadline = In(1);
        var counts = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => ReadRacilyAsync(client))));

        await enough.CancelAsync();
        client.ReadDeadline = Deadline.None;
        var rest = await Peer.DrainAsync(client);
        Assert.Equal(await flood, counts.Sum() + rest);

        static async Task<long> ReadRacilyAsync(Connection connection)
        {
            const byte Canary = 0xA5;
            var total = 0L;
            var returned = new List<byte[]>();
            for (var i = 0; i < 100; i++)
            {
                var buffer = new byte[1024];
                try
                {
                    total += await connection.ReadAsync(buffer);
                }
                catch (DeadlineExceededException)
                {
                    connection.ReadDeadline = In(1);
                }

                buffer.AsSpan().Fill(Canary);
                returned.Add(buffer);
            }

            await Task.Yield();
            Assert.All(returned, buffer => Assert.False(buffer.AsSpan().ContainsAnyExcept(Canary)));
            return total;
        }

        static async Task<long> FloodUntilAsync(Connection connection, CancellationToken enough)
        {
            var chunk = Payload.Random(1024);
            var total = 0L;
            while (!enough.IsCancellationRequested)
            {
                await connection.WriteAsync(chunk, CancellationToken.None);
                total += chunk.Length;
            }

            await connection.CompleteWritesAsync(CancellationToken.None);
            return total;
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Racing_writes_count_every_byte_and_never_look_at_a_returned_buffer()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var drain = DrainCleanAsync(server);
        client.WriteDeadline = In(1);
        var counts = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => WriteRacilyAsync(client))));

        client.WriteDeadline = Deadline.None;
        if (!WritesSurviveATimeout)
        {
            // What a cut record held is lost, so there is nothing to compare; the canary has been looked for all the same.
            await client.DisposeAsync();
            await ((Task)drain).IgnoringFailedConnection();
            return;
        }

        await client.CompleteWritesAsync();
        Assert.Equal(await drain, counts.Sum());

        async Task<long> WriteRacilyAsync(Connection connection)
        {
            var total = 0L;
            var buffer = new byte[64 * 1024];
            for (var i = 0; i < 100; i++)
            {
                // Go writes 1 KB each time; a large one now and then is cut in the middle.
                var chunk = buffer.AsMemory(0, i % 10 == 0 ? buffer.Length : 1024);
                chunk.Span.Fill((byte)(i & 0x7F));
                try
                {
                    await connection.WriteAsync(chunk);
                    total += chunk.Length;
                }
                catch (DeadlineExceededException exception)
                {
                    total += exception.BytesTransferred;
                    connection.WriteDeadline = In(1);
                }
                catch (ConnectionException) when (!WritesSurviveATimeout)
                {
                }

                chunk.Span.Fill(0xEE);
            }

            return total;
        }

        static async Task<long> DrainCleanAsync(Connection connection)
        {
            var buffer = new byte[4096];
            var total = 0L;
            int count;
            while ((count = await connection.ReadAsync(buffer)) > 0)
            {
                Assert.False(buffer.AsSpan(0, count).Contains((byte)0xEE), "A buffer was sent after its write had returned.");
                total += count;
            }

            return total;
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_passed_read_deadline_fails_reads_and_leaves_writes_alone()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.DrainAsync(server));
        client.ReadDeadline = Past;
        await Fails.AtDeadline(client.ReadAsync(new byte[1024]));
        await client.WriteAsync(new byte[1024]);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_passed_write_deadline_fails_writes_and_leaves_reads_alone()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.FloodAsync(server));
        client.WriteDeadline = Past;
        Assert.Equal(0, (await Fails.AtDeadline(client.WriteAsync(new byte[1024]))).BytesTransferred);
        Assert.NotEqual(0, await client.ReadAsync(new byte[1024]));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_passed_deadline_leaks_nothing_and_leaves_the_connection_usable()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.EchoAsync(server));
        await RoundtripAsync(client);
        client.SetDeadline(Past);
        Assert.Equal(0, (await Fails.AtDeadline(client.WriteAsync(new byte[1024]))).BytesTransferred);
        Assert.Equal(0, (await Fails.AtDeadline(client.ReadAsync(new byte[1024]))).BytesTransferred);
        await RoundtripAsync(client);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_deadline_set_in_the_past_ends_the_operations_that_wait()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var read = client.ReadAsync(new byte[1024]).AsTask();
        var write = WriteUntilFailureAsync(client);
        await Waiting.StillWaits(read);
        await Waiting.StillWaits(write);
        client.SetDeadline(Past);
        await Fails.AtDeadline(read);
        await Fails.AtDeadline(write);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_future_deadline_ends_operations_in_time_and_leaves_the_connection_usable()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.SetDeadline(In(100));
        var read = client.ReadAsync(new byte[1024]).AsTask();
        var write = WriteUntilFailureAsync(client);
        await Fails.AtDeadline(read);
        await Fails.AtDeadline(write);
        pair.Run(Peer.EchoAsync(server));
        await AssertUsableAsync(client, server);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Closing_ends_loops_of_reads_and_writes()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.EchoAsync(server));
        var read = ReadUntilFailureAsync(client);
        var write = WriteUntilFailureAsync(client);
        await Waiting.StillWaits(read);
        await client.DisposeAsync();
        await Fails.AsClosed(read);
        await Fails.AsClosed(write);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Every_member_may_be_called_at_the_same_time()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.EchoAsync(server));
        var calls = new List<Task>();
        for (var i = 0; i < 100; i++)
        {
            calls.Add(Task.Run(() => client.ReadAsync(new byte[1024]).AsTask()));
            calls.Add(Task.Run(() => client.WriteAsync(new byte[1024]).AsTask()));
            calls.Add(Task.Run(() => client.SetDeadline(In(10))));
            calls.Add(Task.Run(() => client.ReadDeadline = Past));
            calls.Add(Task.Run(() => client.WriteDeadline = Past));
            calls.Add(Task.Run(() => client.LocalEndPoint));
            calls.Add(Task.Run(() => client.RemoteEndPoint));
        }

        // The last setter may have left the reads without a deadline that passes.
        var all = Task.WhenAll(calls.Select(Waiting.IgnoringFailedConnection));
        await Task.WhenAll(calls.Where((_, index) => index % 7 > 1));
        client.SetDeadline(Past);
        await all;
        await AssertUsableAsync(client, server);
    }

    private static async Task WriteUntilFailureAsync(Connection connection)
    {
        var zeros = new byte[1024];
        while (true)
        {
            await connection.WriteAsync(zeros);
        }
    }

    private static async Task ReadUntilFailureAsync(Connection connection)
    {
        var buffer = new byte[1024];
        while (true)
        {
            _ = await connection.ReadAsync(buffer);
        }
    }
}
