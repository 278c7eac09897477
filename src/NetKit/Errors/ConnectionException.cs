using System.Net;

namespace NetKit;

/// <summary>Reports that an operation on a connection, a listener or a dialer failed, and why.</summary>
/// <remarks>
/// The message reads as a sentence: operation, local and remote endpoint, cause. As an <see cref="IOException"/> it is
/// understood by code that only knows <see cref="Stream"/>. A caller's own cancellation is never reported this way: that is
/// an <see cref="OperationCanceledException"/> with the caller's token.
/// </remarks>
public class ConnectionException : IOException
{
    /// <summary>Describes a failed operation.</summary>
    /// <param name="error">Why it failed.</param>
    /// <param name="operation">What was tried, as a verb: "read", "write", "accept", "listen", "dial".</param>
    /// <param name="localEndPoint">This side's endpoint; null when unknown.</param>
    /// <param name="remoteEndPoint">The peer's endpoint; null when there is none.</param>
    /// <param name="innerException">What the layer below reported; null when nothing did.</param>
    /// <param name="bytesTransferred">How many bytes the transport had taken or given before the failure.</param>
    /// <param name="detail">The end of the sentence, in place of the usual words for <paramref name="error"/>; null keeps those.</param>
    public ConnectionException(
        ConnectionError error,
        string operation,
        EndPoint? localEndPoint = null,
        EndPoint? remoteEndPoint = null,
        Exception? innerException = null,
        long bytesTransferred = 0,
        string? detail = null)
        : this(
            ErrorSentence.ComposeCause(error, bytesTransferred, detail),
            error,
            operation,
            localEndPoint,
            remoteEndPoint,
            innerException,
            bytesTransferred)
    {
    }

    private ConnectionException(
        string cause,
        ConnectionError error,
        string operation,
        EndPoint? localEndPoint,
        EndPoint? remoteEndPoint,
        Exception? innerException,
        long bytesTransferred)
        : base(ErrorSentence.Compose(operation, localEndPoint, remoteEndPoint, cause), innerException)
    {
        ArgumentException.ThrowIfNullOrEmpty(operation);
        ArgumentOutOfRangeException.ThrowIfNegative(bytesTransferred);
        Error = error;
        Operation = operation;
        LocalEndPoint = localEndPoint;
        RemoteEndPoint = remoteEndPoint;
        BytesTransferred = bytesTransferred;
        Cause = cause;
    }

    /// <summary>Names the reason.</summary>
    public ConnectionError Error { get; }

    /// <summary>Names what was tried: "read", "write", "accept", "listen" and so on.</summary>
    public string Operation { get; }

    /// <summary>Names this side's endpoint; null when unknown.</summary>
    public EndPoint? LocalEndPoint { get; }

    /// <summary>Names the peer's endpoint; null when there is none.</summary>
    public EndPoint? RemoteEndPoint { get; }

    /// <summary>Counts the bytes of this operation that the transport took before it failed.</summary>
    /// <remarks>
    /// Exact for writes on unencrypted transports: the caller can go on from there. Always 0 for reads, which return as soon
    /// as they have a byte, and for TLS, where a write cut short ends the write side.
    /// </remarks>
    public long BytesTransferred { get; }

    /// <summary>The end of the message: why, without operation and endpoints.</summary>
    internal string Cause { get; }
}
