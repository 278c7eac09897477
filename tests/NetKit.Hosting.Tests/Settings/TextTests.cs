using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Hosting.Settings;

/// <summary>What people write for endpoints and durations.</summary>
public sealed class TextTests
{
    [Theory]
    [InlineData("127.0.0.1:5000", "127.0.0.1:5000")]
    [InlineData("[::1]:5000", "[::1]:5000")]
    [InlineData("localhost:0", "localhost:0")]
    [InlineData("db.example.com:65535", "db.example.com:65535")]
    [InlineData("unix:/run/x.sock", "unix:/run/x.sock")]
    [InlineData("unix:@name", "unix:@name")]
    public void An_endpoint_is_read(string text, string expected)
    {
        Assert.True(EndPointText.TryParse(text, out var endPoint));
        Assert.Equal(expected, TestHost.Format(endPoint));
    }

    [Fact]
    public void An_at_sign_is_an_abstract_address_as_logs_and_failures_show_it()
    {
        Assert.True(EndPointText.TryParse("unix:@name", out var endPoint));
        Assert.Equal(new UnixDomainSocketEndPoint("\0name"), endPoint);
        Assert.Contains("unix:@name", new ConnectionException(ConnectionError.Refused, "dial", remoteEndPoint: endPoint).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*:80")]
    [InlineData(":80")]
    public void A_star_or_nothing_is_every_address(string text)
    {
        Assert.True(EndPointText.TryParse(text, out var endPoint));
        var any = Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        Assert.Equal(new IPEndPoint(any, 80), endPoint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("localhost:")]
    [InlineData("localhost:65536")]
    [InlineData("localhost:-1")]
    [InlineData("localhost: 80")]
    [InlineData("::1:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("[::1:80")]
    [InlineData("a b:80")]
    [InlineData("http://localhost:80")]
    [InlineData("unix:")]
    [InlineData("unix:@")]
    [InlineData("8080:80")]
    [InlineData("127.1:80")]
    [InlineData("010.0.0.1:80")]
    [InlineData("0x7f.0.0.1:80")]
    [InlineData("unix:/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890")]
    public void What_is_no_endpoint_is_not_read(string text) => Assert.False(EndPointText.TryParse(text, out _));

    [Theory]
    [InlineData("00:00:30", 30_000)]
    [InlineData("1.00:00:00", 86_400_000)]
    [InlineData("-00:00:01", -1_000)]
    [InlineData("250 ms", 250)]
    [InlineData("250ms", 250)]
    [InlineData("1.5 s", 1_500)]
    [InlineData("-1 s", -1_000)]
    [InlineData("5 min", 300_000)]
    [InlineData("2 h", 7_200_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("infinite", -1)]
    public void A_duration_is_read(string text, double milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("soon")]
    [InlineData("30 x")]
    [InlineData("30 seconds")]
    [InlineData("25:61:00")]
    [InlineData("24:00:00")]
    [InlineData("36:00")]
    [InlineData("1:02:03:04")]
    [InlineData("NaN s")]
    [InlineData("1e300 s")]
    public void What_is_no_duration_is_not_read(string text) => Assert.False(DurationText.TryParse(text, out _));
}
