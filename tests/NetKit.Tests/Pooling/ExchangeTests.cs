using System.Buffers;
using System.IO.Pipelines;

namespace NetKit.Tests.Pooling;

/// <summary>What becomes of a connection after an exchange on it.</summary>
public sealed class ExchangeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_successful_exchange_returns_the_connection_and_its_result()
    {
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        for (var turn = 0; turn < 10; turn++)
        {
            Assert.Equal(turn, await pool.UseAsync((_, _) => new ValueTask<int>(turn), Token));
            await pool.UseAsync(static async (_, _) => await Task.Yield(), Token);
        }

        Assert.Equal(1, dialer.Dials);
        Assert.Equal((1, 0, 19L), (pool.GetStatistics().Idle, pool.GetStatistics().Leased, pool.GetStatistics().Reused));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("throws")]
    [InlineData("throws at once")]
    [InlineData("is cancelled")]
    [InlineData("times out")]
    public async Task An_exchange_that_fails_closes_its_connection_and_fails_as_it_did(string how)
    {
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        using var source = new CancellationTokenSource();
        async ValueTask Exchange(Connection connection, CancellationToken token)
        {
            switch (how)
            {
                case "throws":
                    await Task.Yield();
                    throw new FormatException("on purpose");
                case "is cancelled":
                    var reading = connection.ReadAsync(new byte[1], token);
                    await source.CancelAsync();
                    await reading;
                    break;
                default:
                    connection.ReadTimeout = 10;
                    await connection.ReadExactlyAsync(new byte[1], token);
                    break;
            }
        }

        Func<Connection, CancellationToken, ValueTask> exchange = how == "throws at once" ? (_, _) => throw new FormatException("on purpose") : Exchange;
        var failure = await Record.ExceptionAsync(() => pool.UseAsync(exchange, source.Token).AsTask().Within());
        Assert.IsType(
            how switch { "is cancelled" => typeof(OperationCanceledException), "times out" => typeof(DeadlineExceededException), _ => typeof(FormatException) },
            failure);

        await Eventually.Equal(0, () => dialer.Open);
        await Eventually.Equal(1L, () => pool.GetStatistics().Closed);
        Assert.False(await pool.UseAsync(static (_, _) => new ValueTask<bool>(false), Token));
        Assert.Equal(2, dialer.Dials);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task The_exchange_gets_the_callers_token()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint);
        using var source = new CancellationTokenSource();
        Assert.Equal(source.Token, await pool.UseAsync(static (_, token) => new ValueTask<CancellationToken>(token), source.Token));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_lease_that_is_disposed_without_a_return_closes_its_connection_politely()
    {
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        await using (var lease = await pool.AcquireAsync(Token))
        {
            await lease.Connection.WriteAsync(new byte[] { 1, 2, 3 }, Token);
        }

        Assert.Equal(1, pool.GetStatistics().Closed);
        var received = new byte[10];
        Assert.Equal(3, await dialer.Servers[0].ReadAsync(received, Token));
        Assert.Equal(0, await dialer.Servers[0].ReadAsync(received, Token));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T25_A_connection_with_a_byte_unread_is_closed_and_counted_as_poisoned()
    {
        var logger = new RecordingLogger();
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, loggerFactory: logger);
        var lease = await pool.AcquireAsync(Token);
        await dialer.Servers[0].WriteAsync(new byte[2], Token);
        Assert.Equal(1, await lease.Connection.ReadAsync(new byte[1], Token));
        lease.Return();

        await Eventually.Equal(1L, () => pool.GetStatistics().Closed);
        Assert.Equal(1, logger.CountOf(404));
        Assert.Contains(logger.Entries, static entry => entry.Id == 405 && entry.Message.Contains("poisoned", StringComparison.Ordinal));
        await pool.UseAsync(static (_, _) => ValueTask.CompletedTask, Token);
        Assert.Equal(2, dialer.Dials);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Frames_may_be_read_by_a_reader_for_each_exchange()
    {
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        for (byte turn = 0; turn < 3; turn++)
        {
            Assert.Equal(turn, await pool.UseAsync(
                async (connection, token) =>
                {
                    await dialer.Servers[0].WriteAsync(new byte[] { 0, 0, 0, 1, turn }, token);
                    using var reader = new FrameReader(connection, FrameFormat.LengthPrefix());
                    return (await reader.ReadAsync(token))!.Value.FirstSpan[0];
                },
                Token));
        }

        Assert.Equal((1, 2L), (dialer.Dials, pool.GetStatistics().Reused));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(new byte[] { 0, 0, 0, 1, 8 }, true)]
    [InlineData(new byte[] { 0, 0 }, true)]
    [InlineData(new byte[0], false)] // a frame that is still shown is shown again, to whoever reads next
    public async Task What_a_frame_reader_leaves_in_the_pipe_closes_the_connection_so_that_nobody_takes_it_for_an_answer(byte[] beyond, bool isDisposed)
    {
        await AssertClosedAfter(async (connection, server) =>
        {
            await server.WriteAsync((byte[])[0, 0, 0, 1, 7, .. beyond], Token);
            var reader = new FrameReader(connection, FrameFormat.LengthPrefix());
            Assert.Equal(7, (await reader.ReadAsync(Token))!.Value.FirstSpan[0]);
            if (isDisposed)
            {
                reader.Dispose();
            }
        });
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pipe_that_was_read_to_a_part_or_completed_with_bytes_unread_closes_the_connection(bool isCompleted)
    {
        await AssertClosedAfter(async (connection, server) =>
        {
            await server.WriteAsync(new byte[2], Token);
            var input = connection.AsDuplexPipe().Input;
            var result = await input.ReadAsync(Token);
            input.AdvanceTo(result.Buffer.GetPosition(1), result.Buffer.End);
            if (isCompleted)
            {
                input.Complete();
            }
        });
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Bytes_that_were_written_to_the_pipe_and_not_flushed_close_the_connection() =>
        await AssertClosedAfter(static (connection, _) =>
        {
            connection.AsDuplexPipe().Output.Write("half a question"u8);
            return ValueTask.CompletedTask;
        });

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task What_the_frameworks_reader_may_hold_closes_the_connection() =>
        await AssertClosedAfter(static (connection, _) =>
        {
            connection.AsDuplexPipe(new StreamPipeReaderOptions());
            return ValueTask.CompletedTask;
        });

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_connection_that_comes_back_with_a_read_under_way_is_closed()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint);
        var lease = await pool.AcquireAsync(Token);
        var reading = lease.Connection.ReadAsync(new byte[1], Token).AsTask();
        lease.Return();
        await Fails.AsClosed(reading.Within());
        await Eventually.Equal(1L, () => pool.GetStatistics().Closed);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task What_a_user_has_set_on_a_connection_is_gone_for_the_next()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint);
        await pool.UseAsync(
            static (connection, _) =>
            {
                connection.SetDeadline(Deadline.After(TimeSpan.FromMilliseconds(1)));
                connection.ReadTimeout = connection.WriteTimeout = 5;
                return ValueTask.CompletedTask;
            },
            Token);
        await pool.UseAsync(
            static (connection, _) =>
            {
                Assert.True(connection.ReadDeadline.IsNone);
                Assert.True(connection.WriteDeadline.IsNone);
                Assert.Equal((Timeout.Infinite, Timeout.Infinite), (connection.ReadTimeout, connection.WriteTimeout));
                return ValueTask.CompletedTask;
            },
            Token);
        Assert.Equal(1, pool.GetStatistics().Dialed);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T40_A_peer_that_is_silent_for_ever_costs_the_time_that_the_exchange_allows_and_its_connection()
    {
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        await Fails.AtDeadline(pool.UseAsync(
            static async (connection, token) =>
            {
                connection.SetDeadline(Deadline.After(TimeSpan.FromMilliseconds(50)));
                await connection.WriteAsync(new byte[10], token);
                await connection.ReadExactlyAsync(new byte[10], token);
            },
            Token).AsTask().Within());
        await pool.UseAsync(static (_, _) => ValueTask.CompletedTask, Token).Within();
        Assert.Equal((2, 1L), (dialer.Dials, pool.GetStatistics().Closed));
    }

    private static async Task AssertClosedAfter(Func<Connection, Connection, ValueTask> exchange)
    {
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        await pool.UseAsync((connection, _) => exchange(connection, dialer.Servers[0]), Token);
        await Eventually.Equal(1L, () => pool.GetStatistics().Closed);
        await pool.UseAsync(static (_, _) => ValueTask.CompletedTask, Token);
        Assert.Equal(2, dialer.Dials);
    }
}
