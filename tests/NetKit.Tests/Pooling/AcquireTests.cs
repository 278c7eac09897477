namespace NetKit.Tests.Pooling;

/// <summary>What callers get, and in which order.</summary>
public sealed class AcquireTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_that_was_returned_is_used_again()
    {
        var dialer = new PoolDialer();
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        Connection first;
        await using (var lease = await pool.AcquireAsync(Token))
        {
            Assert.False(lease.IsReused);
            first = lease.Connection;
            lease.Return();
        }

        await using (var lease = await pool.AcquireAsync(Token))
        {
            Assert.True(lease.IsReused);
            Assert.Same(first, lease.Connection);
        }

        Assert.Equal(1, dialer.Dials);
    }

    [Fact]
    public async Task The_connection_returned_last_is_used_first()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { DrainTimeout = TimeSpan.Zero });
        var leases = new[] { await pool.AcquireAsync(Token), await pool.AcquireAsync(Token), await pool.AcquireAsync(Token) };
        var connections = leases.Select(lease => lease.Connection).ToArray();
        foreach (var index in new[] { 1, 0, 2 })
        {
            leases[index].Return();
        }

        foreach (var index in new[] { 2, 0, 1 })
        {
            Assert.Same(connections[index], (await pool.AcquireAsync(Token)).Connection);
        }
    }

    [Fact]
    public async Task Callers_that_wait_are_served_in_the_order_in_which_they_came()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1, DrainTimeout = TimeSpan.Zero });
        var lease = await pool.AcquireAsync(Token);
        var waiters = Enumerable.Range(0, 20).Select(_ => pool.AcquireAsync(Token).AsTask()).ToArray();
        for (var index = 0; index < waiters.Length; index++)
        {
            Assert.Equal(waiters.Length - index, pool.GetStatistics().Waiting);
            lease.Return();
            lease = await waiters[index].Within();
            Assert.All(waiters.Skip(index + 1), waiter => Assert.False(waiter.IsCompleted));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_asks_twice_for_what_came_of_one_wait_is_told_that(bool isCancelled)
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        var lease = await pool.AcquireAsync(Token);
        using var source = new CancellationTokenSource();
        var waiting = pool.AcquireAsync(source.Token);
        if (isCancelled)
        {
            await source.CancelAsync();
        }

        lease.Return();
        var first = await Record.ExceptionAsync(async () => (await waiting).Return());
        Assert.Equal(isCancelled, first is OperationCanceledException);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await waiting);
    }
}
