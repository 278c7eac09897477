using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Pooling;

/// <summary>What one party does is not put on another's account: the peer's, the check's, the user's.</summary>
public sealed class BlameTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("aborts")]
    [InlineData("closes")]
    [InlineData("says that it writes no more on")]
    public async Task A_user_that_ends_its_connections_slows_down_no_dials(string how)
    {
        // The clock stands still: a dial that is put off never comes.
        var time = new FakeTimeProvider();
        await using var pool = new ConnectionPool(new PoolDialer(time), PoolDialer.EndPoint, timeProvider: time);
        for (var turn = 0; turn < 10; turn++)
        {
            var lease = await pool.AcquireAsync(Token).AsTask().Within();
            switch (how)
            {
                case "aborts":
                    lease.Connection.Abort();
                    break;
                case "closes":
                    await lease.Connection.DisposeAsync();
                    break;
                default:
                    await lease.Connection.CompleteWritesAsync(Token);
                    break;
            }

            await lease.DisposeAsync();
        }

        Assert.Equal(10, pool.GetStatistics().Dialed);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_write_over_TLS_that_its_user_cut_short_slows_down_no_dials()
    {
        var time = new FakeTimeProvider();
        var pairs = new System.Collections.Concurrent.ConcurrentQueue<ConnectedPair>();
        var dialer = new DelegateDialer(async (_, _) =>
        {
            var pair = await Pairs.TlsAsync(Pairs.Memory());
            pairs.Enqueue(pair);
            return pair.First;
        });
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, timeProvider: time);
        for (var turn = 0; turn < 3; turn++)
        {
            var lease = await pool.AcquireAsync(Token).AsTask().Within();
            lease.Connection.WriteDeadline = Deadline.After(TimeSpan.FromMilliseconds(1));
            await Fails.AtDeadline(lease.Connection.WriteAsync(new byte[16 * 1024 * 1024], Token).AsTask().Within());
            await lease.DisposeAsync();
        }

        Assert.Equal(3, pool.GetStatistics().Dialed);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_connection_that_its_user_has_half_closed_gets_a_polite_end_and_its_bytes_arrive()
    {
        var logger = new RecordingLogger();
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, loggerFactory: logger);
        await pool.UseAsync(
            static async (connection, token) =>
            {
                await connection.WriteAsync(new byte[3], token);
                await connection.CompleteWritesAsync(token);
            },
            Token);
        await Eventually.Equal(1L, () => pool.GetStatistics().Closed);
        var received = new byte[10];
        Assert.Equal(3, await dialer.Servers[0].ReadAsync(received, Token));
        Assert.Equal(0, await dialer.Servers[0].ReadAsync(received, Token));
        Assert.Contains(logger.Entries, static entry => entry.Id == 405 && entry.Message.EndsWith("closed.", StringComparison.Ordinal));
        Assert.Equal(0, logger.CountOf(404));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_connection_that_is_used_after_its_return_is_poisoned_and_not_ended_by_the_peer()
    {
        var logger = new RecordingLogger();
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, loggerFactory: logger);
        var lease = await pool.AcquireAsync(Token);
        var connection = lease.Connection;
        lease.Return();
        var reading = connection.ReadAsync(new byte[1], Token).AsTask();
        lease = await pool.AcquireAsync(Token);
        Assert.NotSame(connection, lease.Connection);
        lease.Return();
        await Fails.AsClosed(reading.Within());
        await Eventually.True(() => logger.Entries.Any(static entry => entry.Id == 405), "the close is logged");
        Assert.EndsWith("poisoned.", Assert.Single(logger.Entries, static entry => entry.Id == 405).Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_caller_that_gives_up_during_a_check_has_not_made_it_fail()
    {
        var logger = new RecordingLogger();
        using var source = new CancellationTokenSource();
        await using var pool = CheckedPool(
            async (_, token) =>
            {
                await source.CancelAsync();
                await Task.Delay(Timeout.Infinite, token);
                return true;
            },
            logger);
        await pool.WarmUpAsync(1, Token);
        await Fails.ByToken(pool.AcquireAsync(source.Token).AsTask().Within(), source.Token);
        await Eventually.True(() => logger.Entries.Any(static entry => entry.Id == 405), "the close is logged");
        Assert.EndsWith("not_returned.", Assert.Single(logger.Entries, static entry => entry.Id == 405).Message, StringComparison.Ordinal);
        Assert.Equal(0, logger.CountOf(407));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task What_a_check_sets_on_a_connection_is_gone_for_the_user()
    {
        await using var pool = CheckedPool(static (connection, _) =>
        {
            connection.SetDeadline(Deadline.After(TimeSpan.FromMilliseconds(1)));
            connection.ReadTimeout = connection.WriteTimeout = 1;
            return new ValueTask<bool>(true);
        });
        await pool.WarmUpAsync(1, Token);
        await AssertUntouchedAsync(pool);
        Assert.Equal(1, pool.GetStatistics().Dialed);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_deadline_that_a_dialer_has_left_is_gone_for_the_user()
    {
        var dialer = new DelegateDialer(static (_, _) =>
        {
            var (connection, _) = Connection.CreatePair();
            connection.SetDeadline(Deadline.After(TimeSpan.FromMilliseconds(1)));
            return new ValueTask<Connection>(connection);
        });
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        await AssertUntouchedAsync(pool);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_connection_that_was_cleared_while_it_was_checked_is_not_handed_out()
    {
        ConnectionPool pool = null!;
        var checks = 0;
        pool = CheckedPool((_, _) =>
        {
            if (++checks == 1)
            {
                pool.Clear();
            }

            return new ValueTask<bool>(true);
        });
        await using (pool)
        {
            await pool.WarmUpAsync(1, Token);
            (await pool.AcquireAsync(Token).AsTask().Within()).Return();
            Assert.Equal((2, 1), ((int)pool.GetStatistics().Dialed, checks));
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_greeting_that_nobody_has_read_does_not_fail_the_check_of_a_fresh_connection()
    {
        var dialer = new PoolDialer();
        await using var pool = CheckedPool(static (_, _) => new ValueTask<bool>(true), dialer: dialer);
        await pool.WarmUpAsync(1, Token);
        await dialer.Servers[0].WriteAsync(new byte[1], Token);
        await using var lease = await pool.AcquireAsync(Token);
        Assert.Equal((1, 1), (await lease.Connection.ReadAsync(new byte[5], Token), dialer.Dials));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_check_that_fails_after_nobody_waits_for_it_any_more_is_observed()
    {
        using var failure = new LateFailure();
        using var source = new CancellationTokenSource();
        await using (var pool = CheckedPool((_, _) => new ValueTask<bool>(failure.ComeAsync<bool>())))
        {
            await pool.WarmUpAsync(1, Token);
            var acquiring = pool.AcquireAsync(source.Token).AsTask();
            await source.CancelAsync();
            await Fails.ByToken(acquiring.Within(), source.Token);
        }

        failure.AssertObserved();
    }

    private static ConnectionPool CheckedPool(
        Func<Connection, CancellationToken, ValueTask<bool>> validate, RecordingLogger? logger = null, PoolDialer? dialer = null) => new(
        dialer ?? new PoolDialer(),
        PoolDialer.EndPoint,
        new ConnectionPoolOptions { MaxConnections = 1, ProbeAfterIdle = TimeSpan.Zero, Validate = validate },
        logger);

    private static async Task AssertUntouchedAsync(ConnectionPool pool)
    {
        var lease = await pool.AcquireAsync(Token).AsTask().Within();
        Assert.True(lease.Connection.ReadDeadline.IsNone);
        Assert.True(lease.Connection.WriteDeadline.IsNone);
        Assert.Equal((Timeout.Infinite, Timeout.Infinite), (lease.Connection.ReadTimeout, lease.Connection.WriteTimeout));
        lease.Return();
    }
}
