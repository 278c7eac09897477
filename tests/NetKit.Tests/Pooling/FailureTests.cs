using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Pooling;

/// <summary>The ways in which an acquire fails: the token, the time or the queue, the endpoint or the pool. Never mixed.</summary>
public sealed class FailureTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_callers_token_ends_its_wait_and_nothing_else()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        var lease = await pool.AcquireAsync(Token);
        using var source = new CancellationTokenSource();
        var cancelled = pool.AcquireAsync(source.Token).AsTask();
        var other = pool.AcquireAsync(Token).AsTask();
        await source.CancelAsync();
        await Fails.ByToken(cancelled.Within(), source.Token);
        await Fails.ByToken(pool.AcquireAsync(source.Token).AsTask(), source.Token);
        Assert.Equal(1, pool.GetStatistics().Waiting);
        lease.Return();
        (await other.Within()).Return();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task When_the_time_is_over_the_exception_tells_what_the_pool_looks_like_and_which_knob_to_turn()
    {
        var time = new FakeTimeProvider();
        var logger = new RecordingLogger();
        await using var pool = new ConnectionPool(
            new PoolDialer(time), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 2, AcquireTimeout = TimeSpan.FromSeconds(3), DrainTimeout = TimeSpan.Zero }, logger, time);
        var first = await pool.AcquireAsync(Token);
        time.Advance(TimeSpan.FromSeconds(2));
        var second = await pool.AcquireAsync(Token);
        var waiting = pool.AcquireAsync(Token).AsTask();
        time.Advance(TimeSpan.FromSeconds(3) - TimeSpan.FromTicks(1));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));

        var failure = await Assert.ThrowsAsync<PoolExhaustedException>(() => waiting.Within());
        Fails.AssertWellFormed(failure);
        Assert.Equal((ConnectionError.PoolExhausted, "acquire", PoolDialer.EndPoint), (failure.Error, failure.Operation, failure.RemoteEndPoint));
        Assert.Null(failure.InnerException);
        Assert.Equal((0, 2, 0), (failure.Statistics.Idle, failure.Statistics.Leased, failure.Statistics.Dialing));
        Assert.Equal(TimeSpan.FromSeconds(5), failure.OldestLease);
        Assert.Contains("AcquireTimeout (3 s)", failure.Message, StringComparison.Ordinal);
        Assert.Contains("2 leased, the longest for 5 s", failure.Message, StringComparison.Ordinal);
        Assert.Contains("raise MaxConnections (2), or return leases sooner", failure.Message, StringComparison.Ordinal);
        await Eventually.Equal(1, () => logger.CountOf(406));
        first.Return();
        second.Return();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Where_dials_are_slow_the_exception_says_that()
    {
        var time = new FakeTimeProvider();
        var dialer = new PoolDialer(time) { Holds = true };
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConcurrentDials = 1 }, timeProvider: time);
        var waiting = pool.AcquireAsync(Token).AsTask();
        time.Advance(TimeSpan.FromSeconds(15));
        var failure = await Assert.ThrowsAsync<PoolExhaustedException>(() => waiting.Within());
        Assert.Contains("raise MaxConcurrentDials (1), or see why dials take long", failure.Message, StringComparison.Ordinal);
        Assert.Null(failure.OldestLease);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task One_more_than_may_wait_fails_at_once()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1, MaxWaiters = 2 });
        var lease = await pool.AcquireAsync(Token);
        var waiting = new[] { pool.AcquireAsync(Token).AsTask(), pool.AcquireAsync(Token).AsTask() };
        var failure = await Assert.ThrowsAsync<PoolExhaustedException>(() => pool.AcquireAsync(Token).AsTask());
        Fails.AssertWellFormed(failure);
        Assert.Contains("MaxWaiters (2) callers wait already", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, failure.Statistics.Waiting);
        Assert.Null(failure.InnerException);
        lease.Return();
        foreach (var waiter in waiting)
        {
            (await waiter.Within()).Return();
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T39_When_the_endpoint_is_down_each_caller_gets_an_exception_of_its_own_around_the_one_reason()
    {
        var logger = new RecordingLogger();
        var reason = PoolDialer.Refused();
        var dialer = new PoolDialer { Holds = true, Failure = () => reason };
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConcurrentDials = 1 }, logger);
        var waiting = Enumerable.Range(0, 200).Select(_ => pool.AcquireAsync(Token).AsTask()).ToArray();
        await dialer.ReleaseAsync();
        var failures = new List<ConnectionException>();
        foreach (var waiter in waiting)
        {
            failures.Add(await Assert.ThrowsAsync<ConnectionException>(() => waiter.Within()));
        }

        Assert.Equal(failures.Count, failures.Distinct().Count());
        Assert.All(failures, failure =>
        {
            Fails.AssertWellFormed(failure);
            Assert.Same(reason, failure.InnerException);
            Assert.Equal((ConnectionError.Refused, "acquire"), (failure.Error, failure.Operation));
            Assert.Contains(reason.Message, failure.Message, StringComparison.Ordinal);
        });
        Assert.Equal(1, dialer.Dials);
        Assert.Equal(1, logger.CountOf(401));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task When_the_endpoint_is_back_the_pool_serves_again_within_little_more_than_a_second()
    {
        var time = new FakeTimeProvider();
        var logger = new RecordingLogger();
        var dialer = new PoolDialer(time) { Failure = PoolDialer.Refused };
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, loggerFactory: logger, timeProvider: time);
        for (var tries = 0; tries < 50; tries++)
        {
            await Assert.ThrowsAsync<ConnectionException>(() => pool.AcquireAsync(Token).AsTask().Within());
            time.Advance(TimeSpan.FromSeconds(1));
        }

        dialer.Failure = null;
        time.Advance(TimeSpan.FromSeconds(1.2));
        (await pool.AcquireAsync(Token).AsTask().Within()).Return();
        Assert.Equal(1, logger.CountOf(402));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("throws at once")]
    [InlineData("throws later")]
    [InlineData("cancels")]
    [InlineData("returns nothing")]
    public async Task T7_A_dial_that_fails_in_any_way_leaves_its_place_to_the_next(string how)
    {
        var time = new FakeTimeProvider();
        var fails = true;
        var inner = new PoolDialer(time);
        async ValueTask<Connection> FailLater()
        {
            await Task.Yield();
            throw new InvalidProgramException("on purpose");
        }

        var dialer = new DelegateDialer((endPoint, token) => (fails, how) switch
        {
            (false, _) => inner.DialAsync(endPoint, token),
            (_, "returns nothing") => new ValueTask<Connection>((Connection)null!),
            (_, "cancels") => throw new OperationCanceledException(),
            (_, "throws later") => FailLater(),
            _ => throw new InvalidProgramException("on purpose"),
        });
        await using var pool = new ConnectionPool(
            dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 3, MaxConcurrentDials = 3, DrainTimeout = TimeSpan.Zero }, timeProvider: time);
        for (var tries = 0; tries < 10; tries++)
        {
            var failure = await Assert.ThrowsAsync<ConnectionException>(() => pool.AcquireAsync(Token).AsTask().Within());
            Assert.NotNull(failure.InnerException);
            time.Advance(TimeSpan.FromSeconds(2));
        }

        fails = false;
        for (var count = 0; count < 3; count++)
        {
            _ = await pool.AcquireAsync(Token).AsTask().Within();
        }

        Assert.Equal(3, pool.GetStatistics().Leased);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T14_However_the_time_is_spent_it_is_over_when_it_is_over()
    {
        // Most of it goes into checks of idle connections, which fail, and the rest into waiting for a dial that hangs.
        var time = new FakeTimeProvider();
        var dialer = new PoolDialer(time);
        var checks = new System.Collections.Concurrent.ConcurrentQueue<TaskCompletionSource<bool>>();
        await using var pool = new ConnectionPool(
            dialer,
            PoolDialer.EndPoint,
            new ConnectionPoolOptions
            {
                MaxConnections = 2,
                AcquireTimeout = TimeSpan.FromSeconds(10),
                Validate = (_, _) =>
                {
                    var check = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                    checks.Enqueue(check);
                    return new ValueTask<bool>(check.Task);
                },
            },
            timeProvider: time);
        await pool.WarmUpAsync(2, Token);
        time.Advance(TimeSpan.FromSeconds(2));
        dialer.Holds = true;

        var acquiring = pool.AcquireAsync(Token).AsTask();
        await Eventually.Equal(1, () => checks.Count);
        time.Advance(TimeSpan.FromSeconds(5));
        checks.First().SetResult(false);
        await Eventually.Equal(2, () => checks.Count);
        time.Advance(TimeSpan.FromSeconds(4));
        checks.Last().SetResult(false);
        await Eventually.Equal(1, () => pool.GetStatistics().Waiting);
        time.Advance(TimeSpan.FromSeconds(1) - TimeSpan.FromTicks(1));
        await Waiting.StillWaits(acquiring);
        time.Advance(TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<PoolExhaustedException>(() => acquiring.Within());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T14_A_check_that_never_ends_takes_no_more_than_the_time_and_costs_one_connection()
    {
        var time = new FakeTimeProvider();
        var dialer = new PoolDialer(time);
        await using var pool = new ConnectionPool(
            dialer,
            PoolDialer.EndPoint,
            new ConnectionPoolOptions
            {
                MaxConnections = 2,
                AcquireTimeout = TimeSpan.FromSeconds(10),
                ProbeAfterIdle = TimeSpan.Zero,
                Validate = static (_, _) => new ValueTask<bool>(new TaskCompletionSource<bool>().Task),
            },
            timeProvider: time);
        await pool.WarmUpAsync(2, Token);
        var acquiring = pool.AcquireAsync(Token).AsTask();
        time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        await Waiting.StillWaits(acquiring);
        time.Advance(TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<PoolExhaustedException>(() => acquiring.Within());
        await Eventually.Equal(1, () => dialer.Open);

        using var source = new CancellationTokenSource();
        acquiring = pool.AcquireAsync(source.Token).AsTask();
        await source.CancelAsync();
        await Fails.ByToken(acquiring.Within(), source.Token);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_disposed_pool_says_that_it_is()
    {
        var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint);
        await pool.DisposeAsync();
        var failure = await Fails.AsClosed(pool.AcquireAsync(Token).AsTask());
        Assert.Contains("the pool was disposed", failure.Message, StringComparison.Ordinal);
        await Fails.AsClosed(pool.WarmUpAsync(1, Token).AsTask());
        pool.Clear();
        await pool.DisposeAsync();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Where_no_more_connections_may_be_opened_more_dials_at_once_are_not_advised()
    {
        var time = new FakeTimeProvider();
        await using var pool = new ConnectionPool(
            new PoolDialer(time) { Holds = true }, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1, MaxConcurrentDials = 1 }, timeProvider: time);
        var waiting = pool.AcquireAsync(Token).AsTask();
        time.Advance(TimeSpan.FromSeconds(15));
        var failure = await Assert.ThrowsAsync<PoolExhaustedException>(() => waiting.Within());
        Assert.Contains("callers wait; see why dials take long, or raise AcquireTimeout", failure.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_logger_that_blocks_does_not_hold_up_the_clock()
    {
        using var gate = new ManualResetEventSlim();
        var time = new FakeTimeProvider();
        var logger = new RecordingLogger { Logging = id => _ = id != 406 || gate.Wait(Eventually.Bound) };
        await using var pool = new ConnectionPool(new PoolDialer(time) { Holds = true }, PoolDialer.EndPoint, loggerFactory: logger, timeProvider: time);
        var waiting = pool.AcquireAsync(Token).AsTask();
        await Task.Run(() => time.Advance(TimeSpan.FromSeconds(15)), Token).Within();
        await Assert.ThrowsAsync<PoolExhaustedException>(() => waiting.Within());
        Assert.False(gate.IsSet);
        gate.Set();
        await Eventually.Equal(1, () => logger.CountOf(406));
    }
}
