using System.Diagnostics;

namespace NetKit.Tests;

// Reads and writes run in parallel; two of a kind take turns.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task The_bytes_of_two_writes_never_mix()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        const int Writers = 4;
        const int Rounds = 30;
        const int Size = 100_000;
        var writers = Enumerable.Range(1, Writers).Select(writer => Task.Run(async () =>
        {
            var block = Payload.Of((byte)writer, Size);
            for (var i = 0; i < Rounds; i++)
            {
                await (i % 3 == 0 ? client.WriteAsync(Sequences.Cut(block, 20)) : client.WriteAsync(block));
            }
        })).ToArray();

        var all = Task.WhenAll(writers).ContinueWith(_ => client.CompleteWritesAsync().AsTask(), TaskScheduler.Default).Unwrap();
        var counts = new int[Writers + 1];
        var received = new byte[Size];
        while (await server.ReadAtLeastAsync(received, Size, throwOnEndOfStream: false) == Size)
        {
            Assert.False(received.AsSpan().ContainsAnyExcept(received[0]), "Two writes mixed.");
            counts[received[0]]++;
        }

        await Task.WhenAll(writers);
        await all;
        Assert.All(counts.Skip(1), count => Assert.Equal(Rounds, count));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Reads_take_turns_in_the_order_of_their_calls()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var buffers = Enumerable.Range(0, 10).Select(_ => new byte[1]).ToArray();
        var reads = buffers.Select(buffer => client.ReadAsync(buffer).AsTask()).ToArray();
        await server.WriteAsync(new byte[] { 0, 1, 2, 3, 4 });
        await Task.WhenAll(reads[..5]);
        await Waiting.StillWaits(reads[5]);
        await server.WriteAsync(new byte[] { 5, 6, 7, 8, 9 });
        await Task.WhenAll(reads);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], buffers.Select(buffer => (int)buffer[0]));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Writes_take_turns_in_the_order_of_their_calls()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var large = Payload.Large[..(16 << 20)];
        var first = client.WriteAsync(large).AsTask();
        var others = Enumerable.Range(0, 10).Select(i => client.WriteAsync(new[] { (byte)i }).AsTask()).ToArray();
        var received = await Peer.ReadAsync(server, large.Length + others.Length);
        await first;
        await Task.WhenAll(others);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], received[large.Length..].Select(value => (int)value));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Many_readers_receive_each_byte_once()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        const int Total = 20_000;
        var readers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var sum = 0L;
            var buffer = new byte[7];
            int count;
            while ((count = await client.ReadAsync(buffer)) > 0)
            {
                for (var i = 0; i < count; i++)
                {
                    sum += buffer[i];
                }
            }

            return sum;
        })).ToArray();

        var sent = Payload.Random(Total);
        for (var offset = 0; offset < Total; offset += 100)
        {
            await server.WriteAsync(sent.AsMemory(offset, 100));
        }

        await server.CompleteWritesAsync();
        Assert.Equal(sent.Sum(value => (long)value), (await Task.WhenAll(readers)).Sum());
    }

    [Fact(Timeout = Watchdog)]
    public async Task Waiting_for_a_turn_obeys_the_deadline()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var reads = Enumerable.Range(0, 3).Select(_ => client.ReadAsync(new byte[1]).AsTask()).ToArray();
        var writes = Enumerable.Range(0, 3).Select(_ => WriteTooMuch(client)).ToArray();
        await Waiting.StillWaits(writes[0]);
        client.ReadDeadline = Past;
        foreach (var read in reads)
        {
            await Fails.AtDeadline(read);
        }

        await Waiting.StillWaits(writes[0]);
        client.WriteDeadline = Past;
        await Fails.AtDeadline(writes[0]);
        Assert.Equal(0, (await Fails.AtDeadline(writes[1])).BytesTransferred);
        Assert.Equal(0, (await Fails.AtDeadline(writes[2])).BytesTransferred);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Waiting_for_a_turn_obeys_the_timeout_and_is_never_early()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var first = client.ReadAsync(new byte[1]).AsTask();
        client.ReadTimeout = 20;
        for (var i = 0; i < 5; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await Fails.AtDeadline(client.ReadAsync(new byte[1]));
            AssertNotEarly(TimeSpan.FromMilliseconds(20), Stopwatch.GetElapsedTime(started));
        }

        await Waiting.StillWaits(first);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Large_writes_in_both_directions_run_in_parallel_with_reads()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var ways = new[] { (From: client, To: server), (From: server, To: client) };
        await Task.WhenAll(ways.Select(way => Task.Run(async () =>
        {
            var received = Peer.ReceiveBeginningOfAsync(way.To, Payload.Large);
            await way.From.WriteAsync(Payload.Large);
            await way.From.CompleteWritesAsync();
            Assert.Equal(Payload.Large.Length, await received);
        })));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Many_connections_exchange_many_messages()
    {
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(async () =>
        {
            await using var pair = await ConnectAsync();
            var (client, server) = pair;
            pair.Run(Peer.EchoAsync(server));
            var message = Payload.Random(512);
            for (var i = 0; i < 200; i++)
            {
                await client.WriteAsync(message);
                Assert.Equal(message, await Peer.ReadAsync(client, message.Length));
            }
        })));
    }
}
