namespace NetKit.Tests.Pooling;

/// <summary>What a pool can be asked to be.</summary>
public sealed class PoolOptionsTests
{
    public static TheoryData<string, object> Refused => new()
    {
        { nameof(ConnectionPoolOptions.MaxConnections), 0 },
        { nameof(ConnectionPoolOptions.MinIdle), -1 },
        { nameof(ConnectionPoolOptions.MinIdle), 33 },
        { nameof(ConnectionPoolOptions.MaxWaiters), 0 },
        { nameof(ConnectionPoolOptions.MaxConcurrentDials), 0 },
        { nameof(ConnectionPoolOptions.AcquireTimeout), TimeSpan.Zero },
        { nameof(ConnectionPoolOptions.AcquireTimeout), TimeSpan.FromTicks(-1) },
        { nameof(ConnectionPoolOptions.IdleTimeout), TimeSpan.FromTicks(-1) },
        { nameof(ConnectionPoolOptions.ConnectionLifetime), TimeSpan.FromTicks(-1) },
        { nameof(ConnectionPoolOptions.ProbeAfterIdle), TimeSpan.FromTicks(-1) },
        { nameof(ConnectionPoolOptions.DrainTimeout), Timeout.InfiniteTimeSpan },
        { nameof(ConnectionPoolOptions.DrainTimeout), TimeSpan.FromDays(1.1) },
        { nameof(ConnectionPoolOptions.LifetimeJitter), -0.1 },
        { nameof(ConnectionPoolOptions.LifetimeJitter), 1.1 },
        { nameof(ConnectionPoolOptions.LifetimeJitter), double.NaN },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_value_out_of_range_is_refused_by_name(string property, object value)
    {
        var options = new ConnectionPoolOptions();
        typeof(ConnectionPoolOptions).GetProperty(property)!.SetValue(options, value);
        var failure = Assert.Throws<ArgumentOutOfRangeException>(() => new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, options));
        Assert.Equal((property, value), (failure.ParamName, failure.ActualValue));
        Assert.Contains($"ConnectionPoolOptions.{property} must be", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_minimum_of_idle_connections_that_may_serve_but_once_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() =>
        new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MinIdle = 1, ConnectionLifetime = TimeSpan.Zero }));

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Options_that_are_changed_later_change_nothing()
    {
        var options = new ConnectionPoolOptions { MaxConnections = 1, MaxWaiters = 1, ProbeAfterIdle = TimeSpan.Zero };
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, options);
        (options.MaxConnections, options.MaxWaiters) = (5, 5);

        // Asked for only when a connection is handed out.
        options.Validate = static (_, _) => throw new FormatException("the options were changed later");
        var token = TestContext.Current.CancellationToken;
        var lease = await pool.AcquireAsync(token);
        var waiting = pool.AcquireAsync(token).AsTask();
        await Assert.ThrowsAsync<PoolExhaustedException>(() => pool.AcquireAsync(token).AsTask());
        lease.Return();
        (await waiting.Within()).Return();
        (await pool.AcquireAsync(token)).Return();
        Assert.Equal(1, pool.GetStatistics().Dialed);
    }
}
