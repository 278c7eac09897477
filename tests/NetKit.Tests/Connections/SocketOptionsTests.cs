namespace NetKit.Tests.Connections;

public sealed class SocketOptionsTests
{
    public static TheoryData<string, object> Invalid => new()
    {
        { nameof(SocketOptions.KeepAliveTime), TimeSpan.Zero },
        { nameof(SocketOptions.KeepAliveTime), TimeSpan.FromSeconds(-1) },
        { nameof(SocketOptions.KeepAliveTime), TimeSpan.FromMilliseconds(999) },
        { nameof(SocketOptions.KeepAliveTime), TimeSpan.FromSeconds(32_768) },
        { nameof(SocketOptions.KeepAliveTime), Timeout.InfiniteTimeSpan },
        { nameof(SocketOptions.KeepAliveTime), TimeSpan.MaxValue },
        { nameof(SocketOptions.KeepAliveInterval), TimeSpan.Zero },
        { nameof(SocketOptions.KeepAliveInterval), TimeSpan.FromSeconds(-1) },
        { nameof(SocketOptions.KeepAliveInterval), TimeSpan.FromSeconds(32_768) },
        { nameof(SocketOptions.KeepAliveInterval), TimeSpan.MinValue },
        { nameof(SocketOptions.KeepAliveRetryCount), 0 },
        { nameof(SocketOptions.KeepAliveRetryCount), -1 },
        { nameof(SocketOptions.KeepAliveRetryCount), 128 },
        { nameof(SocketOptions.KeepAliveRetryCount), int.MaxValue },
        { nameof(SocketOptions.UserTimeout), TimeSpan.Zero },
        { nameof(SocketOptions.UserTimeout), TimeSpan.FromMilliseconds(-1) },
        { nameof(SocketOptions.UserTimeout), TimeSpan.FromTicks(1) },
        { nameof(SocketOptions.UserTimeout), TimeSpan.FromMilliseconds(int.MaxValue + 1.0) },
        { nameof(SocketOptions.ReceiveBufferSize), 0 },
        { nameof(SocketOptions.ReceiveBufferSize), -1 },
        { nameof(SocketOptions.ReceiveBufferSize), int.MinValue },
        { nameof(SocketOptions.SendBufferSize), 0 },
        { nameof(SocketOptions.SendBufferSize), -1 },
        { nameof(SocketOptions.SendBufferSize), int.MinValue },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public void An_invalid_value_is_named_with_its_property(string property, object value)
    {
        using var pair = SocketPair.Tcp();
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => Connection.FromSocket(pair.First, With(property, value)));
        Assert.Equal(property, exception.ParamName);
        Assert.Equal(value, exception.ActualValue);
        Assert.Contains($"SocketOptions.{property} must be", exception.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, object?> Valid => new()
    {
        { nameof(SocketOptions.KeepAliveTime), null },
        { nameof(SocketOptions.KeepAliveTime), TimeSpan.FromSeconds(1) },
        { nameof(SocketOptions.KeepAliveTime), TimeSpan.FromSeconds(32_767) },
        { nameof(SocketOptions.KeepAliveInterval), TimeSpan.FromSeconds(1) },
        { nameof(SocketOptions.KeepAliveInterval), TimeSpan.FromSeconds(32_767) },
        { nameof(SocketOptions.KeepAliveRetryCount), 1 },
        { nameof(SocketOptions.KeepAliveRetryCount), 127 },
        { nameof(SocketOptions.UserTimeout), TimeSpan.FromMilliseconds(1) },
        { nameof(SocketOptions.UserTimeout), TimeSpan.FromMilliseconds(int.MaxValue) },
        { nameof(SocketOptions.ReceiveBufferSize), 1 },
        { nameof(SocketOptions.SendBufferSize), 1 },
    };

    [Theory]
    [MemberData(nameof(Valid))]
    public void The_ends_of_each_range_are_valid(string property, object? value)
    {
        using var pair = SocketPair.Tcp();
        using var connection = Connection.FromSocket(pair.First, With(property, value));
        Assert.NotNull(connection);
    }

    [Fact]
    public void The_defaults_are_those_that_are_documented()
    {
        var options = new SocketOptions();
        Assert.True(options.NoDelay);
        Assert.Equal(TimeSpan.FromSeconds(15), options.KeepAliveTime);
        Assert.Equal(TimeSpan.FromSeconds(15), options.KeepAliveInterval);
        Assert.Equal(9, options.KeepAliveRetryCount);
        Assert.Null(options.UserTimeout);
        Assert.Null(options.ReceiveBufferSize);
        Assert.Null(options.SendBufferSize);
        Assert.Null(options.Configure);
    }

    private static SocketOptions With(string property, object? value)
    {
        var options = new SocketOptions();
        typeof(SocketOptions).GetProperty(property)!.SetValue(options, value);
        return options;
    }
}
