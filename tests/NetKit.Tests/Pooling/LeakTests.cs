using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace NetKit.Tests.Pooling;

/// <summary>Leases that are dropped, neither returned nor disposed.</summary>
public sealed class LeakTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task T41_A_lease_that_is_dropped_while_another_waits_is_taken_back_within_a_second_counted_and_its_place_given_to_who_waits(bool isTraced)
    {
        var logger = new RecordingLogger();
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(
            dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1, TraceLeaks = isTraced }, logger);
        var fastest = TimeSpan.MaxValue;
        for (var leaks = 1; leaks <= 5; leaks++)
        {
            await AcquireAndForgetAsync(pool);
            var waiting = pool.AcquireAsync(Token).AsTask();
            var start = Stopwatch.GetTimestamp();
            await Eventually.True(
                () =>
                {
                    GC.Collect();
                    return waiting.IsCompleted;
                },
                "the place of the dropped lease is free");
            fastest = TimeSpan.FromTicks(Math.Min(fastest.Ticks, Stopwatch.GetElapsedTime(start).Ticks));
            (await waiting).Return();
            await Eventually.Equal(0, () => pool.GetStatistics().Leased);
            Assert.Equal(leaks, pool.GetStatistics().Leaked);
            await Eventually.Equal(leaks, () => logger.CountOf(403));
            Assert.Equal(1, dialer.Open);
        }

        // The others may have had a busy neighbour.
        Assert.InRange(fastest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        var entry = logger.Entries.First(static entry => entry.Id == 403);
        Assert.Contains(isTraced ? nameof(AcquireAndForgetAsync) : "not traced, see ConnectionPoolOptions.TraceLeaks", entry.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T41_The_stack_is_that_of_who_waited_too()
    {
        var logger = new RecordingLogger();
        await using var pool = new ConnectionPool(
            new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1, TraceLeaks = true }, logger);
        var first = await pool.AcquireAsync(Token);
        var forgetting = AcquireAndForgetAsync(pool);
        first.Return();
        await forgetting;
        await Eventually.True(
            () =>
            {
                GC.Collect();
                return logger.CountOf(403) == 1;
            },
            "the dropped lease is found");
        Assert.Contains(logger.Entries, static entry => entry.Id == 403 && entry.Message.Contains(nameof(AcquireAndForgetAsync), StringComparison.Ordinal));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 60)]
    public async Task T41_The_stack_is_that_of_the_last_lease_of_a_connection_that_lay_idle(bool isChecked, int probeAfter)
    {
        var logger = new RecordingLogger();
        await using var pool = new ConnectionPool(
            new PoolDialer(),
            PoolDialer.EndPoint,
            new ConnectionPoolOptions
            {
                TraceLeaks = true,
                ProbeAfterIdle = TimeSpan.FromSeconds(probeAfter),
                Validate = isChecked ? static async (_, _) =>
                {
                    await Task.Yield();
                    return true;
                } : null,
            },
            logger);
        (await pool.AcquireAsync(Token)).Return();
        await AcquireAndForgetAsync(pool);
        await Eventually.True(
            () =>
            {
                GC.Collect();
                return logger.CountOf(403) == 1;
            },
            "the dropped lease is found");
        Assert.Contains(nameof(AcquireAndForgetAsync), Assert.Single(logger.Entries, static entry => entry.Id == 403).Message, StringComparison.Ordinal);
        Assert.Equal(1, pool.GetStatistics().Dialed);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task What_was_reset_because_the_pool_was_disposed_is_no_leak_afterwards()
    {
        var logger = new RecordingLogger();
        var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { DrainTimeout = TimeSpan.Zero }, logger);
        await DisposeUnderLeaseAsync(pool);
        for (var turn = 0; turn < 3; turn++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }

        // What the finalizers have queued has run before what is queued now, or runs beside it.
        for (var turn = 0; turn < 100; turn++)
        {
            await Task.Run(static () => { }, Token);
        }

        Assert.Equal((1, 0, 0L), (logger.CountOf(408), logger.CountOf(403), pool.GetStatistics().Leaked));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task An_acquire_whose_task_nobody_looks_at_loses_no_connection()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        var lease = await pool.AcquireAsync(Token);
        IgnoreAcquire(pool);
        lease.Return();
        var waiting = pool.AcquireAsync(Token).AsTask();
        await Eventually.True(
            () =>
            {
                GC.Collect();
                return waiting.IsCompleted;
            },
            "the connection of the forgotten acquire is found");
        (await waiting).Return();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_lease_in_use_is_not_taken_for_a_leak_however_long_it_lasts()
    {
        var logger = new RecordingLogger();
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, loggerFactory: logger);
        await pool.UseAsync(
            static async (connection, token) =>
            {
                for (var times = 0; times < 5; times++)
                {
                    await Task.Yield();
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                }

                await connection.WriteAsync(new byte[1], token);
            },
            Token);
        Assert.Equal((0, 0L, 1), (logger.CountOf(403), pool.GetStatistics().Leaked, pool.GetStatistics().Idle));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task AcquireAndForgetAsync(ConnectionPool pool) => await pool.AcquireAsync(Token);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task DisposeUnderLeaseAsync(ConnectionPool pool)
    {
        var lease = await pool.AcquireAsync(Token);
        await pool.DisposeAsync();
        GC.KeepAlive(lease);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void IgnoreAcquire(ConnectionPool pool) => _ = pool.AcquireAsync(Token).AsTask();
}
