using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Pooling;

/// <summary>A pool from its first connection to its last.</summary>
public sealed class LifeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task The_minimum_of_idle_connections_is_there_unasked_and_again_after_one_was_taken()
    {
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MinIdle = 2 });
        await Eventually.Equal(2, () => pool.GetStatistics().Idle);
        var lease = await pool.AcquireAsync(Token);
        await Eventually.Equal(2, () => pool.GetStatistics().Idle);
        lease.Return();
        Assert.Equal((3, 3), (pool.GetStatistics().Idle, dialer.Dials));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Clearing_closes_what_is_idle_now_and_what_is_leased_when_it_comes_back()
    {
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        var lease = await pool.AcquireAsync(Token);
        (await pool.AcquireAsync(Token)).Return();
        pool.Clear();
        await Eventually.Equal(1L, () => pool.GetStatistics().Closed);
        Assert.Equal(1, dialer.Open);
        lease.Return();
        await Eventually.Equal(2L, () => pool.GetStatistics().Closed);
        Assert.Equal(0, dialer.Open);
        Assert.False(await pool.UseAsync(static (_, _) => new ValueTask<bool>(false), Token));
        Assert.Equal(3, dialer.Dials);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_warm_up_ends_when_the_connections_are_there_or_cannot_be_had_or_nobody_wants_them_any_more()
    {
        var time = new FakeTimeProvider();
        var dialer = new PoolDialer(time);
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, timeProvider: time);
        await pool.WarmUpAsync(3, Token).Within();
        Assert.Equal((3, 3), (pool.GetStatistics().Idle, dialer.Dials));

        dialer.Holds = true;
        using var source = new CancellationTokenSource();
        var cancelled = pool.WarmUpAsync(4, source.Token).AsTask();
        await Eventually.Equal(1, () => dialer.Held);
        await source.CancelAsync();
        await Fails.ByToken(cancelled.Within(), source.Token);

        dialer.Failure = PoolDialer.Refused;
        var failing = pool.WarmUpAsync(5, Token).AsTask();
        await Eventually.Equal(2, () => dialer.Held);
        await dialer.ReleaseAsync();
        var failure = await Assert.ThrowsAsync<ConnectionException>(() => failing.Within());
        Assert.Equal((ConnectionError.Refused, "warm up"), (failure.Error, failure.Operation));
        Assert.Equal(3, pool.GetStatistics().Idle);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => pool.WarmUpAsync(33, Token).AsTask());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Disposing_a_pool_waits_for_its_leases_and_lets_nobody_in()
    {
        var dialer = new PoolDialer();
        var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 2 });
        var lease = await pool.AcquireAsync(Token);
        (await pool.AcquireAsync(Token)).Return();
        var disposing = pool.DisposeAsync().AsTask();
        await Fails.AsClosed(pool.AcquireAsync(Token).AsTask());
        await Waiting.StillWaits(disposing);
        lease.Return();
        await disposing.Within();
        Assert.Equal((0, 2L), (dialer.Open, pool.GetStatistics().Closed));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Leases_that_do_not_end_in_time_are_reset_and_may_end_afterwards()
    {
        var time = new FakeTimeProvider();
        var logger = new RecordingLogger();
        var dialer = new PoolDialer(time);
        var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, loggerFactory: logger, timeProvider: time);
        var returned = await pool.AcquireAsync(Token);
        var disposed = await pool.AcquireAsync(Token);
        returned.Connection.ReadTimeout = 5_000;
        var reading = disposed.Connection.ReadAsync(new byte[1], Token).AsTask();
        var disposing = pool.DisposeAsync().AsTask();
        time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        await Waiting.StillWaits(disposing);
        time.Advance(TimeSpan.FromTicks(1));
        await disposing.Within();
        Assert.Equal((0, 2L), (pool.GetStatistics().Leased, pool.GetStatistics().Closed));
        Assert.Equal(1, logger.CountOf(408));
        await Fails.AsClosed(reading.Within());
        foreach (var server in dialer.Servers)
        {
            await Fails.AsReset(server.ReadAsync(new byte[1], Token));
        }

        returned.Return();
        await disposed.DisposeAsync();
        Assert.Equal((0, 0, 2L), (pool.GetStatistics().Idle, pool.GetStatistics().Leased, pool.GetStatistics().Closed));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_connection_that_its_user_has_closed_or_aborted_is_replaced()
    {
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        for (var turn = 0; turn < 4; turn++)
        {
            var lease = await pool.AcquireAsync(Token).Within();
            lease.Connection.ReadTimeout = lease.Connection.WriteTimeout = 1_000 + turn;
            lease.Connection.SetDeadline(Deadline.After(TimeSpan.FromMinutes(1)));
            if (turn % 2 == 0)
            {
                await lease.Connection.DisposeAsync();
            }
            else
            {
                lease.Connection.Abort();
            }

            lease.Return();
        }

        await Eventually.Equal((4L, 4L), () => (pool.GetStatistics().Dialed, pool.GetStatistics().Closed));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Whoever_waits_when_the_pool_is_disposed_is_told_so()
    {
        var dialer = new PoolDialer { Holds = true };
        var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        var waiting = pool.AcquireAsync(Token).AsTask();
        var warming = pool.WarmUpAsync(2, Token).AsTask();
        await Eventually.Equal(2, () => dialer.Held);
        await pool.DisposeAsync().AsTask().Within();
        await Fails.AsClosed(waiting.Within());
        await Fails.AsClosed(warming.Within());
        await Eventually.Equal(2, () => dialer.Cancelled);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_lease_whose_connection_is_slow_to_reset_keeps_the_others_from_nothing()
    {
        using var gate = new ManualResetEventSlim();
        var dials = 0;
        var inner = new PoolDialer();
        var dialer = new DelegateDialer((endPoint, token) => Interlocked.Increment(ref dials) == 2
            ? new ValueTask<Connection>(Connection.FromStream(new SlowStream(gate)))
            : inner.DialAsync(endPoint, token));
        var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 3, DrainTimeout = TimeSpan.Zero });
        var leases = new[] { await pool.AcquireAsync(Token), await pool.AcquireAsync(Token), await pool.AcquireAsync(Token) };
        var readings = new[] { leases[0], leases[2] }.Select(static lease => lease.Connection.ReadAsync(new byte[1], Token).AsTask()).ToArray();
        var disposing = Task.Run(async () => await pool.DisposeAsync(), Token);
        foreach (var reading in readings)
        {
            await Fails.AsClosed(reading.Within());
        }

        Assert.False(disposing.IsCompleted);
        gate.Set();
        await disposing.Within();
        Assert.Equal(3, pool.GetStatistics().Closed);
        GC.KeepAlive(leases);
    }

    private sealed class SlowStream(ManualResetEventSlim gate) : MemoryStream
    {
        protected override void Dispose(bool disposing)
        {
            gate.Wait(Eventually.Bound);
            base.Dispose(disposing);
        }
    }
}
