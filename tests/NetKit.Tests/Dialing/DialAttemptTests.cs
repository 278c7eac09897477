using System.Net;

namespace NetKit.Tests.Dialing;

public sealed class DialAttemptTests
{
    private static readonly IPEndPoint s_address = new(IPAddress.Parse("10.0.0.7"), 443);
    private static readonly TimeSpan s_started = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_elapsed = TimeSpan.FromMilliseconds(1.5);

    private static ConnectionException Refused => new(ConnectionError.Refused, "dial", remoteEndPoint: s_address);

    [Fact]
    public void It_carries_every_fact()
    {
        var error = Refused;
        var attempt = new DialAttempt(s_address, DialPhase.Connect, s_started, s_elapsed, DialOutcome.Failed, error);
        Assert.Same(s_address, attempt.EndPoint);
        Assert.Equal(DialPhase.Connect, attempt.Phase);
        Assert.Equal(s_started, attempt.Started);
        Assert.Equal(s_elapsed, attempt.Elapsed);
        Assert.Equal(DialOutcome.Failed, attempt.Outcome);
        Assert.Same(error, attempt.Error);
    }

    [Theory]
    [InlineData(DialOutcome.Failed)]
    [InlineData(DialOutcome.TimedOut)]
    public void What_failed_needs_an_error(DialOutcome outcome) =>
        Assert.Throws<ArgumentException>(() => new DialAttempt(s_address, DialPhase.Connect, default, default, outcome));

    [Theory]
    [InlineData(DialOutcome.Connected)]
    [InlineData(DialOutcome.Lost)]
    [InlineData(DialOutcome.Cancelled)]
    public void What_did_not_fail_has_no_error(DialOutcome outcome) =>
        Assert.Throws<ArgumentException>(() => new DialAttempt(s_address, DialPhase.Connect, default, default, outcome, Refused));

    [Fact]
    public void An_address_is_required() =>
        Assert.Throws<ArgumentNullException>(() => new DialAttempt(null!, DialPhase.Connect, default, default, DialOutcome.Lost));

    [Theory]
    [InlineData(DialPhase.Connect, DialOutcome.Connected, "10.0.0.7:443 at 250 ms: connect succeeded after 1.5 ms")]
    [InlineData(DialPhase.Tls, DialOutcome.Connected, "10.0.0.7:443 at 250 ms: TLS handshake succeeded after 1.5 ms")]
    [InlineData(DialPhase.Tls, DialOutcome.Lost, "10.0.0.7:443 at 250 ms: TLS handshake lost to a faster one after 1.5 ms")]
    [InlineData(DialPhase.Connect, DialOutcome.Cancelled, "10.0.0.7:443 at 250 ms: connect was cancelled after 1.5 ms")]
    public void It_reads_as_a_line(DialPhase phase, DialOutcome outcome, string expected) =>
        Assert.Equal(expected, new DialAttempt(s_address, phase, s_started, s_elapsed, outcome).ToString());

    [Fact]
    public void Its_line_says_why_it_failed()
    {
        Assert.Equal(
            "10.0.0.7:443 at 0 ms: connect failed after 1.5 ms, connection refused, nobody listens there",
            new DialAttempt(s_address, DialPhase.Connect, TimeSpan.Zero, s_elapsed, DialOutcome.Failed, Refused).ToString());
        Assert.Equal(
            "example.org:443 at 0 ms: name resolution timed out after 15000 ms, the deadline passed",
            new DialAttempt(
                new DnsEndPoint("example.org", 443),
                DialPhase.NameResolution,
                TimeSpan.Zero,
                TimeSpan.FromSeconds(15),
                DialOutcome.TimedOut,
                new DeadlineExceededException("dial")).ToString());
    }
}
