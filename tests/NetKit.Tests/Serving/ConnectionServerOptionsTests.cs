namespace NetKit.Tests.Serving;

public sealed class ConnectionServerOptionsTests
{
    [Fact]
    public void The_defaults_are_those_that_are_documented()
    {
        var options = new ConnectionServerOptions();
        Assert.Null(options.MaxConnections);
        Assert.Equal(ConnectionLimitMode.Wait, options.LimitMode);
        Assert.Equal(TimeSpan.FromSeconds(10), options.DrainTimeout);
        Assert.Equal(TimeSpan.FromSeconds(10), options.HandshakeTimeout);
        Assert.Equal(Environment.ProcessorCount, options.MaxConcurrentHandshakes);
        Assert.Null(options.Tls);
        Assert.Null(options.TlsSelector);
        Assert.Null(options.ProxyProtocol);
        Assert.Empty(new ProxyProtocolOptions().TrustedNetworks);
        Assert.False(new ProxyProtocolOptions().ServeUntrusted);
        Assert.Equal(4096, new ProxyProtocolOptions().MaxHeaderLength);
        Assert.Null(options.IdleTimeout);
        Assert.Null(options.MaxConnectionLifetime);
        Assert.Null(options.MinReceiveRate);
        Assert.Null(options.AcceptLimiter);
        Assert.Null(options.PerAddressLimiter);
        Assert.Equal(1, options.AcceptLoops);
    }

    public static TheoryData<string, object> Invalid => new()
    {
        { nameof(ConnectionServerOptions.MaxConnections), 0 },
        { nameof(ConnectionServerOptions.MaxConnections), -1 },
        { nameof(ConnectionServerOptions.MaxConnections), int.MinValue },
        { nameof(ConnectionServerOptions.LimitMode), (ConnectionLimitMode)7 },
        { nameof(ConnectionServerOptions.LimitMode), (ConnectionLimitMode)(-1) },
        { nameof(ConnectionServerOptions.DrainTimeout), TimeSpan.FromTicks(-1) },
        { nameof(ConnectionServerOptions.DrainTimeout), Timeout.InfiniteTimeSpan },
        { nameof(ConnectionServerOptions.DrainTimeout), TimeSpan.FromDays(1) + TimeSpan.FromTicks(1) },
        { nameof(ConnectionServerOptions.DrainTimeout), TimeSpan.MaxValue },
        { nameof(ConnectionServerOptions.HandshakeTimeout), TimeSpan.Zero },
        { nameof(ConnectionServerOptions.HandshakeTimeout), Timeout.InfiniteTimeSpan },
        { nameof(ConnectionServerOptions.HandshakeTimeout), TimeSpan.FromDays(1) + TimeSpan.FromTicks(1) },
        { nameof(ConnectionServerOptions.MaxConcurrentHandshakes), 0 },
        { nameof(ConnectionServerOptions.MaxConcurrentHandshakes), -1 },
        { nameof(ConnectionServerOptions.IdleTimeout), TimeSpan.Zero },
        { nameof(ConnectionServerOptions.IdleTimeout), Timeout.InfiniteTimeSpan },
        { nameof(ConnectionServerOptions.MaxConnectionLifetime), TimeSpan.Zero },
        { nameof(ConnectionServerOptions.MaxConnectionLifetime), TimeSpan.FromTicks(-1) },
        { nameof(ConnectionServerOptions.AcceptLoops), 0 },
        { nameof(ConnectionServerOptions.AcceptLoops), -1 },
        { nameof(ConnectionServerOptions.AcceptLoops), 1025 },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task An_invalid_value_is_named_with_its_property(string property, object value)
    {
        await using var listener = ConnectionListener.CreateInMemory(out _);
        var options = new ConnectionServerOptions();
        typeof(ConnectionServerOptions).GetProperty(property)!.SetValue(options, value);
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => new ConnectionServer(listener, RunningServer.EchoAsync, options));
        Assert.Equal(property, exception.ParamName);
        Assert.Equal(value, exception.ActualValue);
        Assert.Contains($"ConnectionServerOptions.{property} must be", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 4096)]
    [InlineData(1, 106)]
    [InlineData(1, 65_552)]
    public async Task PROXY_options_that_make_no_sense_are_refused(int networks, int maxHeaderLength)
    {
        await using var listener = ConnectionListener.CreateInMemory(out _);
        var options = new ConnectionServerOptions
        {
            ProxyProtocol = new ProxyProtocolOptions
            {
                TrustedNetworks = [.. Enumerable.Repeat(System.Net.IPNetwork.Parse("10.0.0.0/8"), networks)],
                MaxHeaderLength = maxHeaderLength,
            },
        };
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => new ConnectionServer(listener, RunningServer.EchoAsync, options));
        Assert.StartsWith("ProxyProtocolOptions.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_after_the_server_was_made_has_no_effect()
    {
        var options = new ConnectionServerOptions { MaxConnections = 1, LimitMode = ConnectionLimitMode.Reject };
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options);
        options.MaxConnections = null;
        await server.DialServedAsync();
        Assert.Equal(-1, await server.AskAsync());
    }
}
