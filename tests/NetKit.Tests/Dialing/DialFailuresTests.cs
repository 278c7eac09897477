using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace NetKit.Tests.Dialing;

/// <summary>What each failure of a dial means for the next one.</summary>
public sealed class DialFailuresTests
{
    private static readonly IPEndPoint s_address = new(IPAddress.Loopback, 80);
    private static readonly UnixDomainSocketEndPoint s_path = new("/run/none.sock");

    [Theory]
    [InlineData(SocketError.ConnectionRefused, DialFailure.PeerDown)]
    [InlineData(SocketError.ConnectionReset, DialFailure.PeerDown)]
    [InlineData(SocketError.ConnectionAborted, DialFailure.PeerDown)]
    [InlineData(SocketError.Shutdown, DialFailure.PeerDown)]
    [InlineData(SocketError.NetworkReset, DialFailure.PeerDown)]
    [InlineData(SocketError.TimedOut, DialFailure.PeerDown)]
    [InlineData(SocketError.HostUnreachable, DialFailure.Unreachable)]
    [InlineData(SocketError.NetworkUnreachable, DialFailure.Unreachable)]
    [InlineData(SocketError.HostDown, DialFailure.Unreachable)]
    [InlineData(SocketError.NetworkDown, DialFailure.Unreachable)]
    [InlineData(SocketError.TooManyOpenSockets, DialFailure.Exhausted)]
    [InlineData(SocketError.NoBufferSpaceAvailable, DialFailure.Exhausted)]
    [InlineData(SocketError.AddressNotAvailable, DialFailure.Exhausted)]
    [InlineData(SocketError.AddressAlreadyInUse, DialFailure.Exhausted)]
    [InlineData(SocketError.TryAgain, DialFailure.ResolverBusy)]
    [InlineData(SocketError.HostNotFound, DialFailure.HostUnknown)]
    [InlineData(SocketError.NoData, DialFailure.HostUnknown)]
    [InlineData(SocketError.AccessDenied, DialFailure.Denied)]
    [InlineData(SocketError.AddressFamilyNotSupported, DialFailure.Unsupported)]
    [InlineData(SocketError.ProtocolNotSupported, DialFailure.Unsupported)]
    [InlineData(SocketError.ProtocolFamilyNotSupported, DialFailure.Unsupported)]
    [InlineData(SocketError.SocketNotSupported, DialFailure.Unsupported)]
    [InlineData(SocketError.ProtocolType, DialFailure.Unsupported)]
    [InlineData(SocketError.InvalidArgument, DialFailure.Unsupported)]
    [InlineData(SocketError.Fault, DialFailure.Unsupported)]
    [InlineData(SocketError.OperationNotSupported, DialFailure.Unsupported)]
    [InlineData(SocketError.DestinationAddressRequired, DialFailure.Unsupported)]
    [InlineData(SocketError.MessageSize, DialFailure.Unsupported)]
    [InlineData(SocketError.NoRecovery, DialFailure.Unsupported)]
    [InlineData(SocketError.VersionNotSupported, DialFailure.Unsupported)]
    [InlineData(SocketError.OperationAborted, DialFailure.Ours)]
    [InlineData(SocketError.NotSocket, DialFailure.Ours)]
    internal void A_socket_error_is_of_a_kind(SocketError error, DialFailure expected) =>
        Assert.Equal(expected, DialFailures.Classify(Of(error, s_address)));

    // On a Unix socket the path is missing while its server starts, and a full backlog is told at once.
    [Theory]
    [InlineData(SocketError.AddressNotAvailable, DialFailure.PeerDown)]
    [InlineData(SocketError.WouldBlock, DialFailure.PeerDown)]
    [InlineData(SocketError.ConnectionRefused, DialFailure.PeerDown)]
    [InlineData(SocketError.AccessDenied, DialFailure.Denied)]
    internal void A_socket_error_of_a_unix_socket_is_of_a_kind(SocketError error, DialFailure expected) =>
        Assert.Equal(expected, DialFailures.Classify(Of(error, s_path)));

    [Theory]
    [InlineData(ConnectionError.DeadlineExceeded, DialFailure.PeerDown)]
    [InlineData(ConnectionError.CircuitOpen, DialFailure.Ours)]
    [InlineData(ConnectionError.PoolExhausted, DialFailure.Ours)]
    [InlineData(ConnectionError.Closed, DialFailure.Ours)]
    [InlineData(ConnectionError.ProtocolViolation, DialFailure.Ours)]
    [InlineData(ConnectionError.Unknown, DialFailure.Unsupported)]
    internal void An_error_without_a_socket_is_of_a_kind(ConnectionError error, DialFailure expected) =>
        Assert.Equal(expected, DialFailures.Classify(new ConnectionException(error, "dial")));

    [Fact]
    public void Every_error_is_of_some_kind_and_what_is_not_worth_a_retry_blames_nobody() =>
        Assert.All(Enum.GetValues<ConnectionError>(), error =>
        {
            var kind = DialFailures.Classify(new ConnectionException(error, "dial"));
            Assert.True(kind.IsWorthARetry() || !kind.BlamesThePeer());
        });

    [Fact]
    public void A_certificate_that_does_not_fit_is_final_and_a_handshake_that_breaks_off_is_not()
    {
        Assert.Equal(DialFailure.Untrusted, DialFailures.Classify(Tls(new AuthenticationException())));
        Assert.Equal(DialFailure.PeerDown, DialFailures.Classify(Tls(new IOException())));
        Assert.Equal(DialFailure.PeerDown, DialFailures.Classify(new ConnectionException(ConnectionError.Reset, "TLS handshake")));
    }

    // The user's callback threw, or a certificate of this side has no key.
    [Fact]
    public void What_fails_on_this_side_of_a_handshake_is_final_and_not_the_peer_s_fault() =>
        Assert.Equal(DialFailure.Unsupported, DialFailures.Classify(Tls(new InvalidOperationException())));

    [Fact]
    public void A_host_name_that_cannot_even_be_asked_for_is_final() => Assert.Equal(
        DialFailure.Unsupported,
        DialFailures.Classify(new ConnectionException(ConnectionError.NameResolution, "dial", innerException: new ArgumentOutOfRangeException())));

    [Theory]
    [InlineData(DialFailure.PeerDown, true, true, 0)]
    [InlineData(DialFailure.Unreachable, true, true, 0)]
    [InlineData(DialFailure.Exhausted, true, false, 250)]
    [InlineData(DialFailure.ResolverBusy, true, false, 0)]
    [InlineData(DialFailure.HostUnknown, true, false, 100)]
    [InlineData(DialFailure.Denied, false, false, 0)]
    [InlineData(DialFailure.Unsupported, false, false, 0)]
    [InlineData(DialFailure.Untrusted, false, false, 0)]
    [InlineData(DialFailure.Ours, false, false, 0)]
    internal void A_kind_says_what_follows(DialFailure kind, bool retried, bool blamesThePeer, int leastWait)
    {
        Assert.Equal(retried, kind.IsWorthARetry());
        Assert.Equal(blamesThePeer, kind.BlamesThePeer());
        Assert.Equal(TimeSpan.FromMilliseconds(leastWait), kind.LeastWait());
    }

    // Of a host with several addresses, the failure that tells most speaks for all.
    [Theory]
    [InlineData(SocketError.AddressFamilyNotSupported, SocketError.ConnectionRefused, DialFailure.PeerDown)]
    [InlineData(SocketError.AddressFamilyNotSupported, SocketError.NetworkUnreachable, DialFailure.Unreachable)]
    [InlineData(SocketError.NetworkUnreachable, SocketError.AccessDenied, DialFailure.Denied)]
    [InlineData(SocketError.NetworkUnreachable, SocketError.TooManyOpenSockets, DialFailure.Exhausted)]
    [InlineData(SocketError.TooManyOpenSockets, SocketError.ConnectionRefused, DialFailure.PeerDown)]
    internal void The_weightiest_failure_speaks_for_a_round(SocketError first, SocketError second, DialFailure expected)
    {
        Assert.Equal(expected, DialFailures.Classify(Round(Of(first, s_address), Of(second, s_address))));
        Assert.Equal(expected, DialFailures.Classify(Round(Of(second, s_address), Of(first, s_address))));
    }

    [Fact]
    public void A_wrong_certificate_at_one_address_speaks_for_a_round_though_another_refuses() => Assert.Equal(
        DialFailure.Untrusted,
        DialFailures.Classify(Round(Of(SocketError.ConnectionRefused, s_address), Tls(new AuthenticationException()))));

    [Fact]
    public void Time_that_runs_out_at_the_resolver_does_not_blame_the_peer() => Assert.Equal(
        DialFailure.ResolverBusy,
        DialFailures.Classify(new DialException(
            ConnectionError.DeadlineExceeded,
            null,
            [new DialAttempt(s_address, DialPhase.NameResolution, default, default, DialOutcome.TimedOut, new DeadlineExceededException("dial"))])));

    [Fact]
    public void Attempts_that_were_given_up_tell_nothing() => Assert.Equal(
        DialFailure.Ours,
        DialFailures.Classify(new DialException(
            ConnectionError.Closed, null, [new DialAttempt(s_address, DialPhase.Connect, default, default, DialOutcome.Cancelled)])));

    private static ConnectionException Of(SocketError error, EndPoint remote) =>
        SocketErrors.ToException(new SocketException((int)error), "dial", null, remote);

    private static ConnectionException Tls(Exception cause) => new(ConnectionError.TlsFailed, "TLS handshake", innerException: cause);

    private static DialException Round(params ConnectionException[] failures) => new(
        failures[0].Error,
        null,
        [.. failures.Select(failure => new DialAttempt(s_address, DialPhase.Connect, default, default, DialOutcome.Failed, failure))]);
}
