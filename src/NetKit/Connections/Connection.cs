using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Carries one stream of bytes to and from one peer, under deadlines that hold.</summary>
/// <remarks>
/// <para>Reads and writes are plain sequential code. <see cref="ReadDeadline"/> and <see cref="WriteDeadline"/> bound
/// pending and future operations, asynchronous ones included, and leave the connection usable: the rules are those of Go's
/// <c>net.Conn</c>, made stricter. An operation fails in one of three ways, never mixed:</para>
/// <list type="bullet">
/// <item>the caller's token: <see cref="OperationCanceledException"/> with that token;</item>
/// <item>a deadline or timeout: <see cref="DeadlineExceededException"/>;</item>
/// <item>the peer, the transport or a close on this side: <see cref="ConnectionException"/>.</item>
/// </list>
/// <para>A clean end of the peer's data is a read of 0 bytes, not an error.</para>
/// <para>All members may be called from any thread at any time. A read and a write run in parallel; two reads, or two
/// writes, take turns in the order of their calls, and the bytes of two writes never mix. A buffer is the caller's again
/// the instant its operation ends, timeouts included.</para>
/// <para>Being a <see cref="Stream"/>, a connection can be handed to <see cref="SslStream"/>, <see cref="StreamReader"/> or
/// <see cref="PipeReader"/> directly, and its deadlines hold through them.</para>
/// </remarks>
public abstract partial class Connection : Stream
{
    private readonly ConnectionHalf _reading;
    private ConnectionHalf? _writing; // made when a write first has a deadline or a reason to wait
    private int _readTimeout = Timeout.Infinite;
    private int _writeTimeout = Timeout.Infinite;
    private string? _id;
    private ConnectionPipe? _duplexPipe;

    private protected Connection(ConnectionHalf reading) => _reading = reading;

    /// <summary>Names the connection in logs: short, unique in this process, made on first use. With TLS it is that of the connection below.</summary>
    public string Id => _id ?? Interlocked.CompareExchange(ref _id, MakeId(), null) ?? _id;

    /// <summary>Names this side's endpoint; null where the transport has none.</summary>
    public abstract EndPoint? LocalEndPoint { get; }

    /// <summary>Names the peer's endpoint; null where the transport has none.</summary>
    public abstract EndPoint? RemoteEndPoint { get; }

    /// <summary>Gives what a proxy said of the client when it brought this connection to a server; null when none did.</summary>
    /// <remarks>
    /// Where it named the client, that is <see cref="RemoteEndPoint"/>, and <see cref="LocalEndPoint"/> is where the client had
    /// connected to. See <see cref="ConnectionServerOptions.ProxyProtocol"/>.
    /// </remarks>
    public ProxyHeader? ProxyHeader => Proxied?.Header;

    /// <summary>Names the proxy that brought this connection to a server: the peer of the transport itself. Null when none did.</summary>
    public EndPoint? ProxyEndPoint => Proxied?.Proxy;

    /// <summary>Gives access to the socket for what NetKit does not offer; null where there is none.</summary>
    /// <remarks>The socket is in non-blocking mode and stays owned by the connection: do not read, write, or dispose it.</remarks>
    public virtual Socket? Socket => null;

    /// <summary>Bounds reads, the pending ones too. Default: <see cref="Deadline.None"/>, which also clears it.</summary>
    /// <remarks>
    /// <para>An instant, sticky until changed. Once passed, a read fails at entry with nothing consumed, even when data has
    /// arrived. Moving it acts on the read that waits already; when it moves at the moment it passes, the move wins. After
    /// a timeout nothing is lost: set a later deadline and read on.</para>
    /// <para>Extending it before each operation, to hang up on idle peers, costs one clock read and one store.</para>
    /// <para>On a closed connection it has no effect.</para>
    /// </remarks>
    public Deadline ReadDeadline
    {
        get => _reading.Deadline;
        set => _reading.Deadline = value;
    }

    /// <summary>Bounds writes, the pending ones too. Default: <see cref="Deadline.None"/>, which also clears it.</summary>
    /// <remarks>
    /// As <see cref="ReadDeadline"/>. A write that timed out says in <see cref="ConnectionException.BytesTransferred"/>
    /// exactly how many bytes the transport took, so the caller can go on from there; on TLS, where a record cut short
    /// cannot be resumed, the write side is over.
    /// </remarks>
    public Deadline WriteDeadline
    {
        get => WritingIfMade?.Deadline ?? Deadline.None;
        set => Writing.Deadline = value;
    }

    /// <summary>Bounds each read by a time of its own, in milliseconds, asynchronous reads included.</summary>
    /// <value>Default: <see cref="Timeout.Infinite"/> (-1), no bound.</value>
    /// <remarks>The effective limit is the earliest of this, <see cref="ReadDeadline"/> and the caller's token. Applies to reads begun after it is set.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is 0 or less, and not <see cref="Timeout.Infinite"/>.</exception>
    public sealed override int ReadTimeout
    {
        get => _readTimeout;
        set => _readTimeout = ValidTimeout(value, nameof(ReadTimeout));
    }

    /// <summary>Bounds each write by a time of its own, in milliseconds, asynchronous writes included.</summary>
    /// <value>Default: <see cref="Timeout.Infinite"/> (-1), no bound.</value>
    /// <remarks>The effective limit is the earliest of this, <see cref="WriteDeadline"/> and the caller's token. Applies to writes begun after it is set.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is 0 or less, and not <see cref="Timeout.Infinite"/>.</exception>
    public sealed override int WriteTimeout
    {
        get => _writeTimeout;
        set => _writeTimeout = ValidTimeout(value, nameof(WriteTimeout));
    }

    /// <summary>Makes a connection of a connected stream socket: TCP or Unix.</summary>
    /// <param name="socket">The socket. The connection owns it from here on and puts it in non-blocking mode.</param>
    /// <param name="options">What to set on the socket. Default (null): the defaults of <see cref="SocketOptions"/>.</param>
    /// <exception cref="ArgumentException">The socket is not a connected stream socket.</exception>
    public static Connection FromSocket(Socket socket, SocketOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(socket);
        return SocketConnection.Create(socket, options ?? SocketOptions.Default, timeProvider: null);
    }

    /// <summary>Makes a connection of any duplex stream, so that deadlines and tokens hold on it.</summary>
    /// <param name="stream">The stream. Nobody else may use it from here on.</param>
    /// <param name="leaveOpen">Whether closing the connection leaves the stream open. Default: it is closed too.</param>
    /// <remarks>
    /// Reads go through a buffer of the connection's own: a read that times out leaves the stream's read running, and the
    /// next read takes its bytes. Half-close works where the stream has one (connections, <see cref="NetworkStream"/>,
    /// <see cref="SslStream"/>); <see cref="Abort"/> resets where the stream can, and else disposes it.
    /// </remarks>
    /// <exception cref="ArgumentException">The stream cannot read or cannot write.</exception>
    public static Connection FromStream(Stream stream, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new StreamConnection(stream, leaveOpen);
    }

    /// <summary>Makes two connections that are each other's peer, in memory.</summary>
    /// <param name="timeProvider">The clock of their timeouts. Default (null): the system's.</param>
    /// <remarks>Each direction holds up to 64 KB before a write waits; an idle pair holds no buffer.</remarks>
    public static (Connection First, Connection Second) CreatePair(TimeProvider? timeProvider = null)
    {
        var (first, second) = MemoryConnection.CreatePair(timeProvider);
        return (first, second);
    }

    /// <summary>Sets <see cref="ReadDeadline"/> and <see cref="WriteDeadline"/>.</summary>
    /// <param name="deadline">The deadline for both.</param>
    public void SetDeadline(Deadline deadline)
    {
        ReadDeadline = deadline;
        WriteDeadline = deadline;
    }

    /// <summary>Writes a sequence of buffers as one write: no other write comes between them.</summary>
    /// <param name="buffers">The buffers, in order. On sockets they are sent together, without being copied.</param>
    /// <param name="cancellationToken">Ends this write only.</param>
    /// <remarks>Fails, and counts the bytes taken, as <see cref="WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/> does.</remarks>
    /// <exception cref="DeadlineExceededException">The write deadline or timeout passed; it says how many bytes were taken.</exception>
    /// <exception cref="ConnectionException">The peer is gone or the connection was closed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public virtual ValueTask WriteAsync(ReadOnlySequence<byte> buffers, CancellationToken cancellationToken = default) =>
        buffers.IsSingleSegment ? SendAsync(buffers.First, cancellationToken) : SendAsync(buffers, cancellationToken);

    /// <summary>Tells the peer that no more data will come (half-close), after the writes before it. Reads go on.</summary>
    /// <param name="cancellationToken">Ends the wait for earlier writes; then nothing was sent.</param>
    /// <remarks>The peer reads 0 bytes after the data: FIN on sockets, close_notify on TLS. Idempotent. A later write fails with <see cref="ConnectionError.Closed"/>.</remarks>
    /// <exception cref="NotSupportedException">The wrapped stream has no half-close.</exception>
    /// <exception cref="DeadlineExceededException">The write deadline passed while earlier writes went on.</exception>
    /// <exception cref="ConnectionException">The peer is gone or the connection was closed.</exception>
    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => SendEndAsync(cancellationToken);

    /// <summary>Resets the connection at once: the peer gets an error, unsent data is dropped.</summary>
    /// <remarks>Pending operations fail with <see cref="ConnectionError.Closed"/>. Idempotent; may be called from any thread at any time. Never throws.</remarks>
    public abstract void Abort();

    /// <summary>Shows the connection as a pair of pipes, for code written against System.IO.Pipelines.</summary>
    /// <param name="readerOptions">
    /// Makes the framework's reader with these options; used by the first call. Default (null): NetKit's own, which receives into
    /// the buffer it shows, in one piece, and holds none while it waits. A <see cref="ConnectionPool"/> cannot tell whether the framework's
    /// holds bytes of an answer, and gives no connection to the next user that has one.
    /// </param>
    /// <param name="writerOptions">
    /// Makes the framework's writer with these options; used by the first call. Default (null): NetKit's own, whose flush is one
    /// write of all that was written.
    /// </param>
    /// <returns>The same pair at every call, made by the first.</returns>
    /// <remarks>
    /// <para>A view: deadlines act on it, and completing the pipes neither half-closes nor closes the connection. Do not also read
    /// from the connection directly while the reader holds bytes, or after a read of it was cancelled.</para>
    /// <para>A read that is cancelled loses nothing. A flush that is cancelled is only waited for no longer: its bytes are sent, and
    /// before those of the next. What a flush had not sent when the write deadline passed, or the connection broke, is lost; if
    /// nobody waited for it any more, the next flush says so.</para>
    /// </remarks>
    public IDuplexPipe AsDuplexPipe(StreamPipeReaderOptions? readerOptions = null, StreamPipeWriterOptions? writerOptions = null) =>
        _duplexPipe
        ?? Interlocked.CompareExchange(ref _duplexPipe, new ConnectionPipe(this, readerOptions, writerOptions), null)
        ?? _duplexPipe;

    /// <summary>Runs the client's side of a TLS handshake on this connection.</summary>
    /// <param name="options">The options of the handshake, such as the target host.</param>
    /// <param name="cancellationToken">Ends the handshake; then this connection is of no more use, and the caller's to dispose.</param>
    /// <returns>The encrypted connection. It owns this one, and shares its deadlines.</returns>
    /// <remarks>The handshake obeys both deadlines of this connection.</remarks>
    /// <exception cref="ConnectionException">
    /// With <see cref="ConnectionError.TlsFailed"/>: the two did not agree, as on a certificate; the same will happen again. With
    /// <see cref="ConnectionError.Aborted"/>: the peer hung up. The connection is the caller's to dispose.
    /// </exception>
    /// <exception cref="DeadlineExceededException">A deadline passed first; the connection is the caller's to dispose.</exception>
    public ValueTask<TlsConnection> AuthenticateAsClientAsync(
        SslClientAuthenticationOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return TlsConnection.AuthenticateAsClientAsync(this, options, cancellationToken);
    }

    /// <summary>Runs the server's side of a TLS handshake on this connection.</summary>
    /// <param name="options">The options of the handshake, such as the certificate.</param>
    /// <param name="cancellationToken">Ends the handshake; then this connection is of no more use, and the caller's to dispose.</param>
    /// <returns>The encrypted connection. It owns this one, and shares its deadlines.</returns>
    /// <remarks>The handshake obeys both deadlines of this connection.</remarks>
    /// <exception cref="ConnectionException">
    /// With <see cref="ConnectionError.TlsFailed"/>: the two did not agree, as on a certificate; the same will happen again. With
    /// <see cref="ConnectionError.Aborted"/>: the peer hung up. The connection is the caller's to dispose.
    /// </exception>
    /// <exception cref="DeadlineExceededException">A deadline passed first; the connection is the caller's to dispose.</exception>
    public ValueTask<TlsConnection> AuthenticateAsServerAsync(
        SslServerAuthenticationOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return TlsConnection.AuthenticateAsServerAsync(this, options, cancellationToken);
    }

    /// <summary>Describes the connection: its id and both endpoints.</summary>
    public override string ToString() => (LocalEndPoint, RemoteEndPoint) switch
    {
        ({ } local, { } remote) => $"{Id} {ErrorSentence.Format(local)} -> {ErrorSentence.Format(remote)}",
        (null, { } remote) => $"{Id} -> {ErrorSentence.Format(remote)}",
        ({ } local, null) => $"{Id} {ErrorSentence.Format(local)}",
        _ => Id,
    };

    /// <summary>What reads share: deadline and the operation that waits.</summary>
    internal ConnectionHalf Reading => _reading;

    /// <summary>What writes share, made now if it is not there.</summary>
    internal virtual ConnectionHalf Writing =>
        _writing ?? Interlocked.CompareExchange(ref _writing, _reading.MakeOther(), null) ?? _writing;

    /// <summary>What writes share; null while no write had a deadline or a reason to wait.</summary>
    internal virtual ConnectionHalf? WritingIfMade => Volatile.Read(ref _writing);

    /// <summary>Whether what awaits a read or write goes on in the thread pool, and not where the event was seen. Without effect where it always does.</summary>
    internal virtual bool RunsContinuationsAsynchronously
    {
        get => true;
        set { }
    }

    /// <summary>What is known of the proxy that brought the connection; null when none did.</summary>
    internal virtual ProxiedEndPoint? Proxied => null;

    /// <summary>Shows the endpoints that a proxy named from here on. Called before anybody else has the connection.</summary>
    internal virtual void ShowAs(ProxyHeader header) =>
        throw new NotSupportedException($"{GetType().Name} is no transport that a proxy could come by.");

    /// <summary>Runs work where the connection's events are handled.</summary>
    internal virtual void Schedule(IThreadPoolWorkItem work) => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);

    /// <summary>Counts the bytes that were sent, modulo 2^32. Any thread may look. What was received, <see cref="Reading"/> counts.</summary>
    internal abstract uint Sent { get; }

    /// <summary>Resets the connection, and lets what waits on it and what comes later fail for a reason other than that it was closed.</summary>
    /// <returns>False when it was closed before; then nothing happens.</returns>
    internal abstract bool TryAbort(CloseCause cause);

    /// <summary>Why the connection does not work any more on this side.</summary>
    internal abstract CloseCause ClosedFor { get; }

    /// <summary>Tells an observer when the peer has finished sending or is gone, also while nobody reads.</summary>
    /// <returns>False where only a read can tell; then nothing is promised.</returns>
    internal virtual bool TryObserveEnd(IEndObserver observer) => false;

    /// <summary>Tells what the peer has done while nobody used the connection. Never waits.</summary>
    /// <param name="ask">Whether to ask the system. If not, it is asked only where what is known leaves a doubt.</param>
    /// <remarks>Not what its pipes hold, which a user has left there and may still use: that is <see cref="HasBytesInPipes"/>.</remarks>
    internal abstract IdleState CheckIdle(bool ask);

    /// <summary>Whether its pipes, if there are any, hold bytes of the one who used them last. Nobody uses them.</summary>
    internal bool HasBytesInPipes => _duplexPipe is { IsEmpty: false };

    /// <summary>Takes back the deadlines that a user has set.</summary>
    internal void ClearDeadlines()
    {
        if (Reading.HasDeadline)
        {
            Reading.Deadline = Deadline.None;
        }

        if (WritingIfMade is { HasDeadline: true } writing)
        {
            writing.Deadline = Deadline.None;
        }
    }

    private protected virtual string MakeId() => ConnectionId.Next();

    private protected abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    private protected abstract ValueTask SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken);

    private protected abstract ValueTask SendAsync(ReadOnlySequence<byte> buffers, CancellationToken cancellationToken);

    private protected abstract ValueTask SendEndAsync(CancellationToken cancellationToken);

    /// <summary>Closes politely: the peer gets the data that was written, then the end.</summary>
    private protected abstract ValueTask CloseAsync();

    /// <summary>As <see cref="CloseAsync"/>, for callers that cannot await.</summary>
    private protected abstract void Close(TimeSpan patience);

    /// <summary>Counts an operation that its deadline or timeout has ended, and makes its exception. For the layer that was called, and no other.</summary>
    private protected DeadlineExceededException DeadlineExceeded(string operation, long bytesTransferred = 0)
    {
        NetKitMetrics.DeadlineExceeded(isRead: operation == "read");
        return new DeadlineExceededException(operation, LocalEndPoint, RemoteEndPoint, bytesTransferred);
    }

    /// <summary>The time each read has for itself; infinite for no bound.</summary>
    private protected TimeSpan ReadLimit => DurationOf(_readTimeout);

    /// <summary>The time each write has for itself; infinite for no bound.</summary>
    private protected TimeSpan WriteLimit => DurationOf(_writeTimeout);

    private static TimeSpan DurationOf(int milliseconds) =>
        milliseconds == Timeout.Infinite ? Timeout.InfiniteTimeSpan : new TimeSpan(milliseconds * TimeSpan.TicksPerMillisecond);

    private static int ValidTimeout(int milliseconds, string property) => milliseconds is > 0 or Timeout.Infinite
        ? milliseconds
        : throw new ArgumentOutOfRangeException(
            property, milliseconds, $"{property} is in milliseconds: a positive number, or Timeout.Infinite (-1) for no limit.");
}
