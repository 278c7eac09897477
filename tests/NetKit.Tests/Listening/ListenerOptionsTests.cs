using System.Net;

namespace NetKit.Tests.Listening;

public sealed class ListenerOptionsTests
{
    private static readonly IPEndPoint s_anyPort = new(IPAddress.Loopback, 0);

    [Fact]
    public void The_defaults_are_those_that_are_documented()
    {
        var options = new ListenerOptions();
        Assert.Equal(512, options.Backlog);
        Assert.True(options.DualMode);
        Assert.False(options.ReusePort);
        Assert.NotNull(options.Socket);
        Assert.Null(options.UnixSocketMode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void A_backlog_holds_at_least_one(int backlog)
    {
        var exception = Assert.Throws<ArgumentOutOfRangeException>(
            () => ConnectionListener.Bind(s_anyPort, new ListenerOptions { Backlog = backlog }));
        Assert.Equal("Backlog", exception.ParamName);
        Assert.Equal(backlog, exception.ActualValue);
        Assert.Contains("ListenerOptions.Backlog must be", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task Any_other_backlog_is_capped_by_the_system(int backlog)
    {
        await using var listener = ConnectionListener.Bind(s_anyPort, new ListenerOptions { Backlog = backlog });
        using var client = await Dial.SocketAsync(listener);
        await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
    }

    [Fact]
    public void Socket_options_are_required()
    {
        var exception = Assert.ThrowsAny<ArgumentException>(
            () => ConnectionListener.Bind(s_anyPort, new ListenerOptions { Socket = null! }));
        Assert.Equal("Socket", exception.ParamName);
    }

    [Fact]
    public void Socket_options_are_checked_when_the_listener_is_bound()
    {
        var options = new ListenerOptions { Socket = new SocketOptions { KeepAliveRetryCount = 0 } };
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => ConnectionListener.Bind(s_anyPort, options));
        Assert.Equal("KeepAliveRetryCount", exception.ParamName);
    }
}
