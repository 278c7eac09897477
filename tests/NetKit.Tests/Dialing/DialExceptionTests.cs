using System.Net;

namespace NetKit.Tests.Dialing;

public sealed class DialExceptionTests
{
    private static readonly DnsEndPoint s_host = new("example.org", 443);
    private static readonly IPEndPoint s_first = new(IPAddress.Parse("2001:db8::7"), 443);
    private static readonly IPEndPoint s_second = new(IPAddress.Parse("192.0.2.7"), 443);

    private static readonly DialAttempt s_lost =
        new(s_second, DialPhase.Tls, TimeSpan.Zero, TimeSpan.FromMilliseconds(30), DialOutcome.Cancelled);

    private static readonly DialAttempt s_unreachable = new(
        s_first,
        DialPhase.Connect,
        TimeSpan.Zero,
        TimeSpan.FromMilliseconds(0.25),
        DialOutcome.Failed,
        new ConnectionException(ConnectionError.Unreachable, "dial", remoteEndPoint: s_first));

    private static readonly DialAttempt s_refused = new(
        s_second,
        DialPhase.Connect,
        TimeSpan.FromMilliseconds(10),
        TimeSpan.FromMilliseconds(20),
        DialOutcome.Failed,
        new ConnectionException(ConnectionError.Refused, "dial", remoteEndPoint: s_second));

    [Fact]
    public void It_carries_every_attempt_and_blames_the_first_error()
    {
        DialAttempt[] attempts = [s_lost, s_unreachable, s_refused];
        var exception = new DialException(ConnectionError.Unreachable, s_host, attempts);
        Assert.Equal(attempts, exception.Attempts);
        Assert.Same(s_unreachable.Error, exception.InnerException);
        Assert.Equal(ConnectionError.Unreachable, exception.Error);
        Assert.Equal("dial", exception.Operation);
        Assert.Same(s_host, exception.RemoteEndPoint);
        Assert.Null(exception.LocalEndPoint);
        Assert.Equal(0, exception.BytesTransferred);
    }

    [Fact]
    public void Another_error_can_be_to_blame()
    {
        var blamed = new InvalidOperationException();
        var local = new IPEndPoint(IPAddress.Loopback, 0);
        var exception = new DialException(ConnectionError.CircuitOpen, s_host, [s_refused], blamed, local);
        Assert.Same(blamed, exception.InnerException);
        Assert.Same(local, exception.LocalEndPoint);
    }

    [Fact]
    public void Its_message_lists_every_attempt() => Assert.Equal(
        "dial example.org:443: the host or network is unreachable (attempts: 2; "
        + "[2001:db8::7]:443 at 0 ms: connect failed after 0.25 ms, the host or network is unreachable; "
        + "192.0.2.7:443 at 10 ms: connect failed after 20 ms, connection refused, nobody listens there)",
        new DialException(ConnectionError.Unreachable, s_host, [s_unreachable, s_refused]).Message);

    [Fact]
    public void Its_message_says_once_what_happened_alike_with_the_time_of_each()
    {
        DialAttempt[] attempts = [RefusedAt(0), s_unreachable, RefusedAt(38.4), RefusedAt(112)];
        Assert.Equal(
            "dial example.org:443: connection refused, nobody listens there (attempts: 4; "
            + "192.0.2.7:443: connect failed 3 times, at 0 ms, 38 ms and 112 ms, connection refused, nobody listens there; "
            + "[2001:db8::7]:443 at 0 ms: connect failed after 0.25 ms, the host or network is unreachable)",
            new DialException(ConnectionError.Refused, s_host, attempts).Message);
    }

    [Fact]
    public void Without_attempts_its_message_says_why_alone()
    {
        var exception = new DialException(ConnectionError.CircuitOpen, s_host, []);
        Assert.Equal("dial example.org:443: the circuit is open after recent failures", exception.Message);
        Assert.Null(exception.InnerException);
        Assert.Equal(
            "dial example.org:443: closed until noon",
            new DialException(ConnectionError.CircuitOpen, s_host, [], detail: "closed until noon").Message);
    }

    [Fact]
    public void Attempts_are_required() =>
        Assert.Throws<ArgumentNullException>(() => new DialException(ConnectionError.Refused, s_host, null!));

    private static DialAttempt RefusedAt(double milliseconds) => new(
        s_second, DialPhase.Connect, TimeSpan.FromMilliseconds(milliseconds), TimeSpan.FromMilliseconds(0.3), DialOutcome.Failed, s_refused.Error);
}
