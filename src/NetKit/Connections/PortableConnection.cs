using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Runs a connection on <see cref="System.Net.Sockets.Socket"/> alone: TCP or Unix, on every system.</summary>
/// <remarks>
/// The socket is in non-blocking mode, where a receive or send is one system call with an exact count. To wait, a zero-byte
/// receive is left with the runtime as a readiness probe, at most one at a time. It is never cancelled: a cancelled
/// receive would stay in the runtime's queue, some 320 bytes each, until the peer next sends.
/// </remarks>
internal sealed partial class PortableConnection : ReadinessConnection
{
    private readonly Socket _socket;
    private SocketEndPoints _endPoints;
    private ReceiveProbe? _probe;
    private SendWait? _sendWait;
    private SocketError _receiveError;
    private SocketError _sendError; // written before _isSending, or the wait for room, ends
    private volatile bool _isSending;
    private volatile bool _endAwaitsSend; // a read was shown an end that a send under way may know to be a reset
    private int _probing;
    private bool _fullMeansEmpty; // guarded by the reading turn, and by the owner of a read that waits; the last full receive, too, had taken all there was

    // Likewise. The last receive did not fill its buffer, or filled it where the one before had taken all: most likely there
    // is nothing more, and asking at once is a wasted call. Should there be, the probe finds it.
    private bool _isLikelyEmpty;

    /// <summary>Makes a connection of a socket whose options are set.</summary>
    public PortableConnection(Socket socket, TimeProvider? timeProvider)
        : base(DeadlineScheduler.For(timeProvider))
    {
        _socket = socket;
        socket.Blocking = false;
    }

    public override EndPoint? LocalEndPoint => _endPoints.Local(_socket);

    public override EndPoint? RemoteEndPoint => _endPoints.Remote(_socket);

    public override Socket Socket => _socket;

    internal override ProxiedEndPoint? Proxied => _endPoints.Proxied;

    internal override void ShowAs(ProxyHeader header) => _endPoints.ShowAs(header, _socket);

    internal override int TryReceive(Span<byte> buffer, out SocketError status)
    {
        if (_isLikelyEmpty)
        {
            _isLikelyEmpty = false;
            status = SocketError.WouldBlock;
            return 0;
        }

        if (buffer.IsEmpty)
        {
            Peek(out status);
            return 0;
        }

        var count = Receive(buffer, SocketFlags.None, out status);
        if (status == SocketError.WouldBlock)
        {
            _fullMeansEmpty = true;
        }
        else if (count == 0 && status == SocketError.Success)
        {
            OnEnd(out status);
        }

        _isLikelyEmpty = count > 0 && (count < buffer.Length || _fullMeansEmpty);
        return count;
    }

    private protected override bool SeemsQuiet => _isLikelyEmpty && _receiveError == SocketError.Success;

    private protected override IdleState LookAhead()
    {
        var count = Peek(out var status);
        return IdleStateOf(count, status);
    }

    internal override int TrySend(ReadOnlySpan<byte> buffer, out SocketError status)
    {
        if (_sendWait is { IsUnderWay: true })
        {
            // The byte on its way is the first of these. Nothing may overtake it.
            status = SocketError.WouldBlock;
            return 0;
        }

        if (buffer.IsEmpty)
        {
            status = SocketError.Success;
            return 0;
        }

        _isSending = true;
        try
        {
            var sent = _socket.Send(buffer, SocketFlags.None, out status);
            KeepSendError(status);
            if (status == SocketError.Success && sent < buffer.Length)
            {
                // The kernel takes less than all only when it has no room for more: asking again would be a wasted call.
                status = SocketError.WouldBlock;
            }

            return sent;
        }
        catch (ObjectDisposedException)
        {
            status = SocketError.OperationAborted;
            return 0;
        }
        finally
        {
            _isSending = false;
        }
    }

    internal override long TrySend(in ReadOnlySequence<byte> buffers, out SocketError status) =>
        buffers.IsSingleSegment ? TrySend(buffers.FirstSpan, out status) : TrySendTogether(buffers, out status);

    private protected override void ArmReceive()
    {
        if (_endAwaitsSend)
        {
            ArmEnd();
            return;
        }

        if (IsClosed || Interlocked.Exchange(ref _probing, 1) != 0)
        {
            // A probe that an earlier read left behind serves this one too.
            return;
        }

        _probe ??= new ReceiveProbe(this);
        bool underWay;
        try
        {
            underWay = _socket.ReceiveAsync(_probe);
        }
        catch (ObjectDisposedException)
        {
            underWay = false;
        }

        if (!underWay)
        {
            _fullMeansEmpty = false;
            OnProbeEnded(inline: false);
        }
    }

    private protected override void ShutdownSend() => _socket.Shutdown(SocketShutdown.Send);

    private protected override ValueTask ReleaseAsync()
    {
        Release();
        return ValueTask.CompletedTask;
    }

    private protected override void Release()
    {
        _endPoints.Remember(_socket);
        try
        {
            // The end first: a socket disposed with a probe under way resets the connection, unless it was shut down.
            _socket.Shutdown(SocketShutdown.Send);
            DiscardUnread();
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer is gone already, and so is the need for an end.
        }

        _socket.Dispose();
        _sendWait?.Stop();
    }

    private protected override void Reset()
    {
        _endPoints.Remember(_socket);
        _socket.Close(timeout: 0);
        _sendWait?.Stop();
    }

    /// <summary>Reads away what the peer sent and nobody read: closing over it would reset the connection.</summary>
    private void DiscardUnread()
    {
        Span<byte> scratch = stackalloc byte[4096];
        var discarded = 0;
        int count;
        do
        {
            count = Receive(scratch, SocketFlags.None, out _);
            discarded += count;
        }
        while (count > 0 && discarded < SocketConnection.MostDiscarded);
    }

    private int Peek(out SocketError status)
    {
        Span<byte> one = stackalloc byte[1];
        return Receive(one, SocketFlags.Peek, out status);
    }

    private int Receive(Span<byte> buffer, SocketFlags flags, out SocketError status)
    {
        if (_receiveError != SocketError.Success)
        {
            status = _receiveError;
            return 0;
        }

        try
        {
            return _socket.Receive(buffer, flags, out status);
        }
        catch (ObjectDisposedException)
        {
            status = SocketError.OperationAborted;
            return 0;
        }
    }

    private void OnProbeEnded(bool inline)
    {
        if (_probe!.SocketError is not (SocketError.Success or SocketError.OperationAborted))
        {
            // The system reports a broken connection once, and the probe was the one to hear it.
            _receiveError = _probe.SocketError;
        }

        // A full fence: a read that sees the probe as still under way was published before this, and is taken below.
        Interlocked.Exchange(ref _probing, 0);
        if (Reading.Take() is { } operation)
        {
            // That it ended says nothing: it ends by an event, and what that told of may have been received before the
            // probe began. Whoever waited asks the socket.
            _isLikelyEmpty = false;
            operation.Resume(inline);
        }
    }

    /// <summary>A zero-byte receive that stays with the runtime until there is data or the end.</summary>
    private sealed class ReceiveProbe : SocketAsyncEventArgs
    {
        public ReceiveProbe(PortableConnection connection)
            : base(unsafeSuppressExecutionContextFlow: true) => UserToken = connection;

        protected override void OnCompleted(SocketAsyncEventArgs e) => ((PortableConnection)UserToken!).OnProbeEnded(inline: true);
    }
}
