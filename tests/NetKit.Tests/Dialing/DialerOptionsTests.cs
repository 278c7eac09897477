using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace NetKit.Tests.Dialing;

public sealed class DialerOptionsTests
{
    public static TheoryData<string, Action<DialerOptions>> Invalid => new()
    {
        { nameof(DialerOptions.ConnectTimeout), options => options.ConnectTimeout = TimeSpan.Zero },
        { nameof(DialerOptions.ConnectTimeout), options => options.ConnectTimeout = TimeSpan.FromSeconds(-5) },
        { nameof(DialerOptions.AttemptDelay), options => options.AttemptDelay = TimeSpan.Zero },
        { nameof(DialerOptions.AttemptDelay), options => options.AttemptDelay = Timeout.InfiniteTimeSpan },
        { nameof(DialerOptions.Socket), options => options.Socket = null! },
        { nameof(DialerOptions.LocalEndPoint), options => options.LocalEndPoint = new DnsEndPoint("localhost", 0) },
        { nameof(SocketOptions.KeepAliveRetryCount), options => options.Socket.KeepAliveRetryCount = 0 },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public void An_invalid_value_is_named_when_the_dialer_is_made(string name, Action<DialerOptions> spoil)
    {
        var options = new DialerOptions();
        spoil(options);
        Assert.Contains(name, Assert.ThrowsAny<ArgumentException>(() => new Dialer(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_defaults_are_valid_and_those_of_the_documentation()
    {
        var options = new DialerOptions().Validated();
        Assert.Equal(TimeSpan.FromSeconds(15), options.ConnectTimeout);
        Assert.Equal(TimeSpan.FromMilliseconds(250), options.AttemptDelay);
        Assert.Null(options.Tls);
        Assert.Null(options.LocalEndPoint);
        Assert.Null(options.AttemptTimeout);
        Assert.Null(options.Resolve);
        Assert.Null(options.OnAttempt);
        Assert.False(options.RunContinuationsAsynchronously);
    }

    [Theory]
    [InlineData(0.0001, 100)]
    [InlineData(99, 100)]
    [InlineData(101, 101)]
    [InlineData(1_999, 1_999)]
    [InlineData(100_000, 2_000)]
    public void The_attempt_delay_is_kept_within_the_bounds_of_the_rfc(double asked, double kept) => Assert.Equal(
        TimeSpan.FromMilliseconds(kept),
        new DialerOptions { AttemptDelay = TimeSpan.FromMilliseconds(asked) }.Validated().AttemptDelay);

    [Fact]
    public void What_is_changed_after_the_dialer_was_made_has_no_effect()
    {
        var local = new IPEndPoint(IPAddress.Loopback, 0);
        var options = new DialerOptions
        {
            LocalEndPoint = local,
            Tls = new SslClientAuthenticationOptions { ApplicationProtocols = [SslApplicationProtocol.Http2] },
        };
        var validated = options.Validated();
        local.Port = 7;
        options.Socket.NoDelay = false;
        options.Tls.TargetHost = "another";
        options.Tls.ApplicationProtocols.Clear();
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 0), validated.LocalEndPoint);
        Assert.True(validated.Socket.NoDelay);
        Assert.Null(validated.Tls!.TargetHost);
        Assert.Equal([SslApplicationProtocol.Http2], validated.Tls.ApplicationProtocols!);
    }

    [Fact]
    public void A_local_address_of_ipv4_may_come_wrapped_as_ipv6() => Assert.Equal(
        new IPEndPoint(IPAddress.Loopback, 7),
        new DialerOptions { LocalEndPoint = new IPEndPoint(IPAddress.Loopback.MapToIPv6(), 7) }.Validated().LocalEndPoint);

    [Fact]
    public void An_engine_that_the_system_does_not_have_is_refused_when_the_dialer_is_made()
    {
        Assert.SkipWhen(OperatingSystem.IsLinux(), "Linux has both.");
        Assert.Throws<PlatformNotSupportedException>(
            () => new Dialer(new DialerOptions { Socket = { Engine = SocketEngine.Polling } }));
    }
}
