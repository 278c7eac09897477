namespace NetKit.Tests.Pooling.Core;

/// <summary>What has gone wrong with the ages of connections, in other pools. The numbers are those of the list of traps.</summary>
public sealed class LifetimeTrapTests
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void T10_With_a_lifetime_or_idle_time_of_zero_the_limit_holds_and_each_gets_a_fresh_connection(bool isLifetime)
    {
        var pool = new CoreHarness(new ConnectionPoolOptions
        {
            MaxConnections = 2,
            ConnectionLifetime = isLifetime ? TimeSpan.Zero : Timeout.InfiniteTimeSpan,
            IdleTimeout = isLifetime ? TimeSpan.FromMinutes(1) : TimeSpan.Zero,
        });
        for (var turn = 0; turn < 20; turn++)
        {
            pool.Wait();
            pool.DialOk();
            var lease = Assert.Single(pool.Leased);
            Assert.Equal(0, lease.Uses);
            pool.Return(lease);
            Assert.Equal(0, pool.Statistics.Idle);
            pool.Closed();
        }
    }

    [Fact]
    public void T11_A_pool_that_is_always_in_use_lets_no_connection_grow_older_than_its_life_and_one_lease()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConnections = 4, ConnectionLifetime = s_lifetime });
        var lease = TimeSpan.FromSeconds(1);
        for (var second = 0; second < 3600; second++)
        {
            while (pool.Statistics.Waiting < 8)
            {
                pool.Wait();
            }

            while (pool.Dials.Count + pool.Closing.Count > 0)
            {
                if (pool.Closing.Count > 0)
                {
                    pool.Closed();
                }
                else
                {
                    pool.DialOk();
                }
            }

            pool.AdvanceSilently(lease);
            Assert.All(pool.Leased, entry => Assert.True(pool.Now - entry.BornAt <= (s_lifetime + lease).Ticks));
            foreach (var entry in pool.Leased.ToArray())
            {
                pool.Return(entry);
            }
        }

        Assert.True(pool.All.Count >= 4 * 6);
    }

    [Fact]
    public void T12_Lifetimes_are_drawn_once_and_evenly()
    {
        var pool = Opened(10_000, jitter: 0.1);
        var drawn = pool.All.Select(entry => (entry.ExpiresAt - entry.BornAt) / (double)s_lifetime.Ticks).Order().ToArray();
        Assert.InRange(drawn[0], 0.9, 1);
        Assert.InRange(drawn[^1], 0.9, 1);

        // Kolmogorov and Smirnov: 1.95 / sqrt(n) is what chance exceeds once in a thousand.
        var distance = drawn.Select((value, index) => Math.Abs(((value - 0.9) / 0.1) - ((index + 0.5) / drawn.Length))).Max();
        Assert.True(distance < 1.95 / 100, $"distance {distance}");

        // However often one looks.
        var before = pool.All.Select(static entry => entry.ExpiresAt).ToArray();
        for (var look = 0; look < 20; look++)
        {
            pool.Advance(TimeSpan.FromSeconds(10));
            pool.Return(pool.Rent(out _)!);
        }

        Assert.Equal(before, pool.All.Select(static entry => entry.ExpiresAt));
    }

    [Fact]
    public void T13_Connections_opened_together_do_not_end_together()
    {
        var pool = Opened(100, jitter: 0.1);
        var closed = new List<int>();
        pool.Advance(s_lifetime * 0.9);
        for (var slice = 0; slice < 20; slice++)
        {
            var before = pool.Closing.Count;
            pool.Advance(s_lifetime * 0.1 / 20);
            closed.Add(pool.Closing.Count - before);
        }

        Assert.Equal(100, pool.Closing.Count);
        Assert.All(closed, static count => Assert.True(count <= 3 * 5, $"{count} of 100 in a twentieth of the spread"));
    }

    [Fact]
    public void An_idle_connection_is_closed_when_its_time_is_over_and_not_before()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { IdleTimeout = TimeSpan.FromSeconds(30) });
        pool.Wait();
        pool.Return(pool.DialOk());
        pool.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromTicks(1));
        Assert.Equal(1, pool.Statistics.Idle);
        pool.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(PoolCloseReason.IdleTimeout, Assert.Single(pool.Closing).Reason);
        Assert.Equal(long.MaxValue, pool.Core.TimerAt);
    }

    private static CoreHarness Opened(int count, double jitter)
    {
        var pool = new CoreHarness(new ConnectionPoolOptions
        {
            MaxConnections = count,
            MaxConcurrentDials = count,
            ConnectionLifetime = s_lifetime,
            LifetimeJitter = jitter,
            IdleTimeout = Timeout.InfiniteTimeSpan,
        });
        pool.WarmUpTo(count);
        foreach (var dial in pool.Dials.ToArray())
        {
            pool.DialOk(dial);
        }

        return pool;
    }
}
