using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Connections;

// Steady traffic allocates nothing, whatever bounds it. Alone, because the whole process is measured.
[Collection(nameof(Alone))]
public sealed class AllocationTests
{
    private const int Operations = 3_000;

    // The first is to warm up. What else the process does can only add, so one good round is proof.
    private const int MostRounds = 8;

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("memory")]
    public async Task Exchanges_that_wait_allocate_nothing(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        await AssertNothingAllocatedAsync(pair, static (connection, buffer) => connection.WriteAsync(buffer), static (connection, buffer) => connection.ReadAsync(buffer));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("memory")]
    public async Task Moving_the_deadline_before_each_operation_allocates_nothing(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        await AssertNothingAllocatedAsync(
            pair,
            static (connection, buffer) =>
            {
                connection.WriteDeadline = Deadline.After(TimeSpan.FromSeconds(30));
                return connection.WriteAsync(buffer);
            },
            static (connection, buffer) =>
            {
                connection.ReadDeadline = Deadline.After(TimeSpan.FromSeconds(30));
                return connection.ReadAsync(buffer);
            });
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("memory")]
    public async Task A_callers_token_allocates_nothing(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        using var source = new CancellationTokenSource();
        var token = source.Token;
        await AssertNothingAllocatedAsync(
            pair,
            (connection, buffer) => connection.WriteAsync(buffer, token),
            (connection, buffer) => connection.ReadAsync(buffer, token));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("memory")]
    public async Task Stream_timeouts_allocate_nothing(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        foreach (var connection in new[] { pair.First, pair.Second })
        {
            connection.ReadTimeout = 30_000;
            connection.WriteTimeout = 30_000;
        }

        await AssertNothingAllocatedAsync(pair, static (connection, buffer) => connection.WriteAsync(buffer), static (connection, buffer) => connection.ReadAsync(buffer));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("memory")]
    public async Task Waiting_without_a_buffer_before_each_read_allocates_nothing(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        await AssertNothingAllocatedAsync(
            pair,
            static (connection, buffer) => connection.WriteAsync(buffer),
            static (connection, _) => connection.ReadAsync(Memory<byte>.Empty),
            static (connection, buffer) => connection.ReadAsync(buffer));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("unix")]
    [InlineData("memory")]
    public async Task Operations_that_need_not_wait_allocate_nothing_on_their_thread(string transport)
    {
        await using var pair = await ConnectAsync(transport);
        var (client, server) = pair;
        var allocated = await Waiting.OnThread(() =>
        {
            var buffer = new byte[64];
            var least = long.MaxValue;
            for (var round = 0; round < MostRounds && least >= Operations; round++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                for (var i = 0; i < Operations; i++)
                {
                    client.WriteDeadline = Deadline.After(TimeSpan.FromSeconds(30));
                    server.ReadDeadline = Deadline.After(TimeSpan.FromSeconds(30));
                    EndNow(client.WriteAsync(buffer));
                    EndNow(server.ReadAsync(buffer));
                }

                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            return least;
        });
        Assert.True(allocated < Operations, $"{(double)allocated / Operations} bytes an exchange.");
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp", "meter")]
    [InlineData("memory", "meter")]
    [InlineData("tcp", "events")]
    [InlineData("memory", "events")]
    public async Task Whoever_listens_costs_no_operation_a_byte(string transport, string listener)
    {
        using IDisposable listening = listener == "meter" ? new MeterReadings() : new EventRecorder(interval: TimeSpan.FromMinutes(1));
        Assert.True(Traffic.IsCounted);
        await using var pair = await ConnectAsync(transport);
        await AssertNothingAllocatedAsync(pair, static (connection, buffer) => connection.WriteAsync(buffer), static (connection, buffer) => connection.ReadAsync(buffer));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task Ten_thousand_read_timeouts_on_a_quiet_socket_leave_nothing_behind(string transport)
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync(transport);
        var (client, server) = pair;
        await TimeOutAsync(100);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await TimeOutAsync(10_000);
        var retained = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(retained < 64 * 1024, $"{retained} bytes retained.");

        await server.WriteAsync(new byte[] { 42 });
        client.ReadDeadline = Deadline.None;
        Assert.Equal([42], await Peer.ReadAsync(client, 1));

        async Task TimeOutAsync(int times)
        {
            var buffer = new byte[16];
            for (var i = 0; i < times; i++)
            {
                client.ReadDeadline = Deadline.After(TimeSpan.FromSeconds(1), time);
                var read = client.ReadAsync(buffer);
                time.Advance(TimeSpan.FromSeconds(1));
                try
                {
                    _ = await read;
                    Assert.Fail("There was nothing to read.");
                }
                catch (DeadlineExceededException)
                {
                }
            }
        }
    }

    private static void EndNow(ValueTask write)
    {
        if (!write.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("There was room, and the write waited.");
        }

        write.GetAwaiter().GetResult();
    }

    // What was written on one side of a loopback is on the other side at once, or in a moment.
    private static void EndNow(ValueTask<int> read)
    {
        while (!read.IsCompleted)
        {
            Thread.Yield();
        }

        if (read.GetAwaiter().GetResult() == 0)
        {
            throw new InvalidOperationException("The end came.");
        }
    }

    private static async Task<ConnectedPair> ConnectAsync(string transport) => transport switch
    {
        "tcp" => await Pairs.TcpAsync(),
        "unix" => await Pairs.UnixAsync(),
        _ => Pairs.Memory(),
    };

    // A ping-pong, so that every read waits.
    private static async Task AssertNothingAllocatedAsync(
        ConnectedPair pair,
        Func<Connection, byte[], ValueTask> write,
        Func<Connection, byte[], ValueTask<int>> read,
        Func<Connection, byte[], ValueTask<int>>? readAgain = null)
    {
        var least = long.MaxValue;
        var echo = AnswerAsync();
        var buffer = new byte[64];
        for (var round = 0; round < MostRounds && least >= Operations; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < Operations; i++)
            {
                await write(pair.First, buffer);
                _ = await read(pair.First, buffer);
                if (readAgain is not null)
                {
                    _ = await readAgain(pair.First, buffer);
                }
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        await pair.First.CompleteWritesAsync();
        await echo;
        Assert.True(least < Operations, $"{(double)least / Operations} bytes an exchange.");

        async Task AnswerAsync()
        {
            await Task.Yield();
            var answer = new byte[64];
            while (true)
            {
                // 64 bytes sent together arrive together on every transport here.
                var count = await read(pair.Second, answer);
                if ((readAgain is null ? count : await readAgain(pair.Second, answer)) == 0)
                {
                    return;
                }

                await write(pair.Second, answer);
            }
        }
    }
}
