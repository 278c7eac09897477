namespace NetKit.Tests.Pooling;

/// <summary>A lease ends once, and is of no use afterwards.</summary>
public sealed class LeaseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T26_Of_two_threads_that_return_a_lease_one_does_and_the_other_is_told()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        for (var round = 0; round < 300; round++)
        {
            var lease = await pool.AcquireAsync(Token);
            var ready = 0;
            Exception? Return()
            {
                // Side by side as nearly as may be. Nobody blocks a thread that the other needs.
                Interlocked.Increment(ref ready);
                SpinWait.SpinUntil(() => Volatile.Read(ref ready) == 2, TimeSpan.FromMilliseconds(2));
                return Record.Exception(lease.Return);
            }

            var failures = await Task.WhenAll(Task.Run(Return, Token), Task.Run(Return, Token));
            Assert.IsType<InvalidOperationException>(Assert.Single(failures, static failure => failure is not null));
            Assert.Equal((1, 0), (pool.GetStatistics().Idle, pool.GetStatistics().Leased));
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T26_An_old_lease_cannot_end_the_lease_that_somebody_else_has_of_the_same_connection()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        var old = await pool.AcquireAsync(Token);
        var connection = old.Connection;
        old.Return();
        var current = await pool.AcquireAsync(Token);
        Assert.Same(connection, current.Connection);

        // As at the end of an await using, after a return.
        await old.DisposeAsync();
        Assert.Throws<InvalidOperationException>(old.Return);
        Assert.Throws<InvalidOperationException>(() => old.Connection);
        Assert.Throws<InvalidOperationException>(() => old.IsReused);

        Assert.Equal((0, 1), (pool.GetStatistics().Idle, pool.GetStatistics().Leased));
        await current.Connection.WriteAsync(new byte[1], Token);
        current.Return();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_lease_that_was_disposed_says_so_and_can_be_disposed_again()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint);
        var lease = await pool.AcquireAsync(Token);
        await lease.DisposeAsync();
        await lease.DisposeAsync();
        Assert.Contains("has ended", Assert.Throws<InvalidOperationException>(lease.Return).Message, StringComparison.Ordinal);
        Assert.Equal(1, pool.GetStatistics().Closed);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_lease_of_no_pool_says_so()
    {
        var lease = default(ConnectionLease);
        await lease.DisposeAsync();
        Assert.Contains("no pool", Assert.Throws<InvalidOperationException>(lease.Return).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => lease.Connection);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_lease_tells_whether_its_connection_was_used_before()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        await pool.WarmUpAsync(1, Token);
        var lease = await pool.AcquireAsync(Token);
        Assert.False(lease.IsReused);
        lease.Return();
        lease = await pool.AcquireAsync(Token);
        Assert.True(lease.IsReused);
        lease.Return();
    }
}
