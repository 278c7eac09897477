using System.Net;

namespace NetKit.Tests.Errors;

public sealed class ErrorSentenceTests
{
    private static readonly IPEndPoint s_local = new(IPAddress.Loopback, 4711);
    private static readonly IPEndPoint s_remote = new(IPAddress.Loopback, 80);

    public static TheoryData<ConnectionError, string> Causes => new()
    {
        { ConnectionError.Unknown, "failed" },
        { ConnectionError.DeadlineExceeded, "the deadline passed" },
        { ConnectionError.TimedOut, "the peer stopped answering" },
        { ConnectionError.Closed, "closed on this side" },
        { ConnectionError.Reset, "reset by the peer" },
        { ConnectionError.Aborted, "aborted before it was established" },
        { ConnectionError.Refused, "connection refused, nobody listens there" },
        { ConnectionError.Unreachable, "the host or network is unreachable" },
        { ConnectionError.HostNotFound, "the host name does not exist" },
        { ConnectionError.NameResolution, "the host name could not be resolved" },
        { ConnectionError.AddressInUse, "the address is in use already" },
        { ConnectionError.AddressNotAvailable, "the address is not available on this machine" },
        { ConnectionError.AccessDenied, "access denied" },
        { ConnectionError.ResourceExhausted, "out of descriptors, buffers or memory" },
        { ConnectionError.TlsFailed, "TLS failed" },
        { ConnectionError.ProtocolViolation, "the peer broke the protocol" },
        { ConnectionError.PoolExhausted, "the pool had no connection in time" },
        { ConnectionError.CircuitOpen, "the circuit is open after recent failures" },
    };

    [Theory]
    [MemberData(nameof(Causes))]
    public void Each_error_reads_as_a_sentence(ConnectionError error, string cause) =>
        Assert.Equal($"read 127.0.0.1:4711 -> 127.0.0.1:80: {cause}", new ConnectionException(error, "read", s_local, s_remote).Message);

    [Fact]
    public void Every_error_has_its_own_words() =>
        Assert.Equal(Enum.GetValues<ConnectionError>(), Causes.Select(row => row.Data.Item1).Order());

    [Fact]
    public void Endpoints_that_are_not_known_are_left_out()
    {
        Assert.Equal("listen 127.0.0.1:4711: access denied", Message(s_local, null));
        Assert.Equal("listen 127.0.0.1:80: access denied", Message(null, s_remote));
        Assert.Equal("listen: access denied", Message(null, null));
    }

    [Fact]
    public void Bytes_are_told_when_there_were_any()
    {
        Assert.Equal("write: reset by the peer", new ConnectionException(ConnectionError.Reset, "write", bytesTransferred: 0).Message);
        Assert.Equal(
            "write: reset by the peer after 65536 bytes",
            new ConnectionException(ConnectionError.Reset, "write", bytesTransferred: 65_536).Message);
    }

    [Fact]
    public void A_detail_takes_the_place_of_the_usual_words() =>
        Assert.Equal(
            "dial 127.0.0.1:80: the proxy said no",
            new ConnectionException(ConnectionError.Refused, "dial", remoteEndPoint: s_remote, detail: "the proxy said no").Message);

    private static string Message(EndPoint? local, EndPoint? remote) =>
        new ConnectionException(ConnectionError.AccessDenied, "listen", local, remote).Message;
}
