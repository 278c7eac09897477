using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Errors;

public sealed class SocketErrorsTests
{
    // A row for each SocketError that has a name here; all the others are Unknown.
    private static readonly Dictionary<SocketError, ConnectionError> s_named = new()
    {
        [SocketError.TimedOut] = ConnectionError.TimedOut,
        [SocketError.ConnectionReset] = ConnectionError.Reset,
        [SocketError.NetworkReset] = ConnectionError.Reset,
        [SocketError.Disconnecting] = ConnectionError.Reset,
        [SocketError.Shutdown] = ConnectionError.Reset,
        [SocketError.ConnectionAborted] = ConnectionError.Aborted,
        [SocketError.ConnectionRefused] = ConnectionError.Refused,
        [SocketError.HostUnreachable] = ConnectionError.Unreachable,
        [SocketError.NetworkUnreachable] = ConnectionError.Unreachable,
        [SocketError.HostDown] = ConnectionError.Unreachable,
        [SocketError.NetworkDown] = ConnectionError.Unreachable,
        [SocketError.HostNotFound] = ConnectionError.HostNotFound,
        [SocketError.NoData] = ConnectionError.HostNotFound,
        [SocketError.TryAgain] = ConnectionError.NameResolution,
        [SocketError.NoRecovery] = ConnectionError.NameResolution,
        [SocketError.AddressAlreadyInUse] = ConnectionError.AddressInUse,
        [SocketError.AddressNotAvailable] = ConnectionError.AddressNotAvailable,
        [SocketError.AddressFamilyNotSupported] = ConnectionError.AddressNotAvailable,
        [SocketError.ProtocolFamilyNotSupported] = ConnectionError.AddressNotAvailable,
        [SocketError.AccessDenied] = ConnectionError.AccessDenied,
        [SocketError.TooManyOpenSockets] = ConnectionError.ResourceExhausted,
        [SocketError.NoBufferSpaceAvailable] = ConnectionError.ResourceExhausted,
        [SocketError.ProcessLimit] = ConnectionError.ResourceExhausted,
        [SocketError.OperationAborted] = ConnectionError.Closed,
        [SocketError.Interrupted] = ConnectionError.Closed,
        [SocketError.NotSocket] = ConnectionError.Closed,
        [SocketError.NotConnected] = ConnectionError.Closed,
    };

    public static TheoryData<SocketError> All => new(Enum.GetValues<SocketError>().Distinct());

    [Theory]
    [MemberData(nameof(All))]
    public void Each_socket_error_has_one_meaning(SocketError error)
    {
        var expected = s_named.GetValueOrDefault(error, ConnectionError.Unknown);
        Assert.Equal(expected, SocketErrors.ToConnectionError(error));
        Assert.Equal(expected, SocketErrors.ToConnectionError(new SocketException((int)error)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Each_socket_error_becomes_a_sentence_with_the_cause_inside(SocketError error)
    {
        var cause = new SocketException((int)error);
        var exception = SocketErrors.ToException(cause, "read", new IPEndPoint(IPAddress.Loopback, 1), null, 3);
        Assert.Same(cause, exception.InnerException);
        Assert.Equal(SocketErrors.ToConnectionError(error), exception.Error);
        Assert.Equal(3, exception.BytesTransferred);
        Assert.StartsWith("read 127.0.0.1:1: ", exception.Message, StringComparison.Ordinal);
        Assert.EndsWith(" after 3 bytes", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_error_is_told_in_the_system_s_own_words()
    {
        var cause = new SocketException((int)SocketError.MessageSize);
        var exception = SocketErrors.ToException(cause, "read", null, null);
        Assert.Equal($"read: {cause.Message}", exception.Message);
    }

    [Theory]
    [InlineData(SocketError.ConnectionAborted)]
    [InlineData(SocketError.ConnectionReset)]
    [InlineData(SocketError.NetworkDown)]
    [InlineData(SocketError.HostDown)]
    [InlineData(SocketError.HostUnreachable)]
    [InlineData(SocketError.NetworkUnreachable)]
    [InlineData(SocketError.ProtocolOption)]
    [InlineData(SocketError.TimedOut)]
    public void An_accept_goes_on_at_once_when_only_its_client_failed(SocketError error) =>
        Assert.True(SocketErrors.IsPeerAbort(new SocketException((int)error)));

    [Theory]
    [InlineData(SocketError.TooManyOpenSockets)]
    [InlineData(SocketError.NoBufferSpaceAvailable)]
    [InlineData(SocketError.ProcessLimit)]
    public void An_accept_tries_later_when_the_system_ran_out(SocketError error)
    {
        Assert.True(SocketErrors.IsResourcePressure(new SocketException((int)error)));
        Assert.False(SocketErrors.IsPeerAbort(new SocketException((int)error)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_error_of_accept_is_of_one_tier_only(SocketError error)
    {
        var exception = new SocketException((int)error);
        Assert.False(SocketErrors.IsPeerAbort(exception) && SocketErrors.IsResourcePressure(exception));
    }

    [Theory]
    [InlineData(SocketError.OperationAborted)]
    [InlineData(SocketError.NotSocket)]
    [InlineData(SocketError.InvalidArgument)]
    [InlineData(SocketError.Fault)]
    public void A_closed_listener_is_of_neither_tier(SocketError error)
    {
        var exception = new SocketException((int)error);
        Assert.False(SocketErrors.IsPeerAbort(exception));
        Assert.False(SocketErrors.IsResourcePressure(exception));
    }
}
