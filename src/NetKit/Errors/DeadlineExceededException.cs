using System.Net;

namespace NetKit;

/// <summary>Reports that a deadline, or a read or write timeout, passed before the operation could finish.</summary>
/// <remarks>
/// The inner exception is a <see cref="TimeoutException"/>. The connection stays usable: move the deadline and go on.
/// The one exception is a write on TLS, after which that connection's write side is over.
/// </remarks>
public sealed class DeadlineExceededException : ConnectionException
{
    /// <summary>Describes an operation that ran out of time.</summary>
    /// <param name="operation">What was tried, as a verb: "read", "write", "accept".</param>
    /// <param name="localEndPoint">This side's endpoint; null when unknown.</param>
    /// <param name="remoteEndPoint">The peer's endpoint; null when there is none.</param>
    /// <param name="bytesTransferred">How many bytes of a write the transport had taken by then.</param>
    public DeadlineExceededException(
        string operation, EndPoint? localEndPoint = null, EndPoint? remoteEndPoint = null, long bytesTransferred = 0)
        : base(
            ConnectionError.DeadlineExceeded,
            operation,
            localEndPoint,
            remoteEndPoint,
            new TimeoutException($"The deadline of the {operation} passed."),
            bytesTransferred)
    {
    }

    /// <summary>Describes a read whose limit of time is not one of the connection's.</summary>
    internal DeadlineExceededException(string operation, EndPoint? localEndPoint, EndPoint? remoteEndPoint, string detail)
        : base(
            ConnectionError.DeadlineExceeded,
            operation,
            localEndPoint,
            remoteEndPoint,
            new TimeoutException($"The deadline of the {operation} passed."),
            detail: detail)
    {
    }
}
