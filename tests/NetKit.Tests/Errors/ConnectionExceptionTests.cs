using System.Net;

namespace NetKit.Tests.Errors;

public sealed class ConnectionExceptionTests
{
    private static readonly IPEndPoint s_local = new(IPAddress.Parse("10.0.0.5"), 51514);
    private static readonly IPEndPoint s_remote = new(IPAddress.Parse("10.0.0.7"), 6379);

    [Fact]
    public void It_carries_every_fact_of_the_failure()
    {
        var inner = new InvalidOperationException();
        var exception = new ConnectionException(ConnectionError.Reset, "write", s_local, s_remote, inner, 65_536);
        Assert.Equal(ConnectionError.Reset, exception.Error);
        Assert.Equal("write", exception.Operation);
        Assert.Equal(s_local, exception.LocalEndPoint);
        Assert.Equal(s_remote, exception.RemoteEndPoint);
        Assert.Equal(65_536, exception.BytesTransferred);
        Assert.Same(inner, exception.InnerException);
    }

    [Fact]
    public void Code_that_only_knows_streams_understands_it() =>
        Assert.IsType<IOException>(new ConnectionException(ConnectionError.Reset, "read"), exactMatch: false);

    [Fact]
    public void An_operation_is_required()
    {
        Assert.Throws<ArgumentNullException>(() => new ConnectionException(ConnectionError.Reset, null!));
        Assert.Throws<ArgumentException>(() => new ConnectionException(ConnectionError.Reset, ""));
    }

    [Fact]
    public void A_count_of_bytes_is_never_negative() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConnectionException(ConnectionError.Reset, "write", bytesTransferred: -1));

    [Fact]
    public void A_passed_deadline_has_a_timeout_inside()
    {
        var exception = new DeadlineExceededException("write", s_local, s_remote, 7);
        Assert.IsType<TimeoutException>(exception.InnerException);
        Assert.Equal(ConnectionError.DeadlineExceeded, exception.Error);
        Assert.Equal("write", exception.Operation);
        Assert.Equal(s_local, exception.LocalEndPoint);
        Assert.Equal(s_remote, exception.RemoteEndPoint);
        Assert.Equal(7, exception.BytesTransferred);
        Assert.Equal("write 10.0.0.5:51514 -> 10.0.0.7:6379: the deadline passed after 7 bytes", exception.Message);
        Assert.Equal("The deadline of the write passed.", exception.InnerException.Message);
    }

    [Fact]
    public void A_passed_deadline_names_a_valid_operation_too()
    {
        Assert.Throws<ArgumentNullException>(() => new DeadlineExceededException(null!));
        Assert.Throws<ArgumentException>(() => new DeadlineExceededException(""));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DeadlineExceededException("write", bytesTransferred: -1));
    }

    [Fact]
    public void The_default_of_the_enumeration_is_unknown() => Assert.Equal(ConnectionError.Unknown, default);
}
