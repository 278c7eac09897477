using System.Diagnostics;

namespace NetKit.Tests;

// Deadlines against the real clock: never early; late only as far as the machine is slow.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public Task A_read_ends_neither_before_its_deadline_nor_long_after() => AssertPunctualAsync(
        (connection, deadline) => connection.ReadDeadline = deadline,
        connection => connection.ReadAsync(new byte[1]).AsTask());

    [Fact(Timeout = Watchdog)]
    public async Task A_write_ends_neither_before_its_deadline_nor_long_after()
    {
        if (!WritesSurviveATimeout)
        {
            return;
        }

        // The first write of each try fills the transport, so that the next ones wait all the time.
        await AssertPunctualAsync((connection, deadline) => connection.WriteDeadline = deadline, connection => WriteTooMuch(connection));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Whatever_the_timeout_a_flooded_reader_stops_at_it()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.FloodAsync(server));
        foreach (var milliseconds in new[] { 0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 100, 250 })
        {
            var started = Stopwatch.GetTimestamp();
            client.ReadDeadline = In(milliseconds);
            await Fails.AtDeadline(client.CopyToAsync(Stream.Null));
            AssertNotEarly(TimeSpan.FromMilliseconds(milliseconds), Stopwatch.GetElapsedTime(started));
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Extending_both_deadlines_before_each_operation_lets_a_thousand_exchanges_pass()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var asking = ThousandTimesAsync(client, buffer => client.WriteAsync(buffer).AsTask(), buffer => client.ReadExactlyAsync(buffer).AsTask());
        var answering = ThousandTimesAsync(server, buffer => server.ReadExactlyAsync(buffer).AsTask(), buffer => server.WriteAsync(buffer).AsTask());
        await Task.WhenAll(asking, answering);

        static async Task ThousandTimesAsync(
            Connection connection, Func<byte[], Task> first, Func<byte[], Task> second)
        {
            var buffer = new byte[5];
            for (var i = 0; i < 1000; i++)
            {
                connection.SetDeadline(Deadline.After(TimeSpan.FromHours(1)));
                await first(buffer);
                connection.SetDeadline(Deadline.After(TimeSpan.FromHours(1)));
                await second(buffer);
            }
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Deadlines_that_change_all_the_time_end_operations_in_no_other_way()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.EchoAsync(server));
        using var done = new CancellationTokenSource();
        var setter = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                client.ReadDeadline = In(0.002);
                client.WriteDeadline = In(0.002);
                await Task.Yield();
            }
        });

        var reads = Task.Run(() => ThousandTimesAsync(buffer => client.ReadAsync(buffer).AsTask()));
        var writes = Task.Run(() => ThousandTimesAsync(buffer => client.WriteAsync(buffer).AsTask()));
        await Task.WhenAll(reads, writes);
        await done.CancelAsync();
        await setter;
        await AssertUsableAsync(client, server);

        async Task ThousandTimesAsync(Func<byte[], Task> operation)
        {
            var buffer = new byte[1];
            for (var i = 0; i < 1000; i++)
            {
                buffer[0] = 0;
                try
                {
                    await operation(buffer);
                }
                catch (DeadlineExceededException)
                {
                }
                catch (ConnectionException) when (!WritesSurviveATimeout)
                {
                }
            }
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Ever_earlier_deadlines_from_many_tasks_all_fire()
    {
        var pairs = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => ConnectAsync()));
        var reads = pairs.Select(pair => pair.First.ReadAsync(new byte[1]).AsTask()).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 100; i > 0; i--)
            {
                foreach (var pair in pairs)
                {
                    pair.First.SetDeadline(In(i));
                }
            }
        })));

        foreach (var read in reads)
        {
            await Fails.AtDeadline(read);
        }

        foreach (var pair in pairs)
        {
            await pair.DisposeAsync();
        }
    }

    // A slow or busy machine gets more time, up to 4 s, and then less lateness is a smaller part of it. Early is wrong at once.
    private async Task AssertPunctualAsync(Action<Connection, Deadline> setDeadline, Func<Connection, Task> operation)
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        setDeadline(client, In(1));
        await Fails.AtDeadline(operation(client));
        for (var timeout = TimeSpan.FromMilliseconds(10); ; timeout *= 1.5)
        {
            var started = Stopwatch.GetTimestamp();
            setDeadline(client, Deadline.After(timeout));
            var pending = operation(client);
            await Task.WhenAny(pending);
            var elapsed = Stopwatch.GetElapsedTime(started);
            await Fails.AtDeadline(pending);
            AssertNotEarly(timeout, elapsed);
            if (elapsed <= timeout * 1.1)
            {
                return;
            }

            Assert.True(timeout < TimeSpan.FromSeconds(4), $"A deadline of {timeout} took {elapsed}.");
        }
    }

    private static void AssertNotEarly(TimeSpan timeout, TimeSpan elapsed) =>
        Assert.True(elapsed >= timeout, $"A deadline of {timeout.TotalMilliseconds} ms fired after {elapsed.TotalMilliseconds} ms.");
}
