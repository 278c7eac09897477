using System.Net.Sockets;

namespace NetKit;

/// <summary>Keeps at most one read running on a stream, and hands out what it brought.</summary>
internal sealed class StreamReceiver
{
    private const int BufferSize = 16 * 1024;

    private readonly Stream _stream;
    private readonly Action _ready;
    private readonly CancellationToken _stop;
    private readonly Lock _gate = new(); // guards the fields below; never held while the stream or _ready is called
    private byte[]? _buffer;
    private int _start;
    private int _count;
    private bool _ended;
    private bool _reading;

    public StreamReceiver(Stream stream, Action ready, CancellationToken stop)
    {
        _stream = stream;
        _ready = ready;
        _stop = stop;
    }

    /// <summary>What the stream failed with; null while it has not.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Copies out what was read; for an empty buffer tells whether there is anything.</summary>
    public int TryReceive(Span<byte> buffer, out SocketError status)
    {
        lock (_gate)
        {
            if (_count > 0)
            {
                var count = Math.Min(_count, buffer.Length);
                _buffer.AsSpan(_start, count).CopyTo(buffer);
                _start += count;
                _count -= count;
                status = SocketError.Success;
                return count;
            }

            status = Failure is not null ? StatusOf(Failure) : _ended ? SocketError.Success : SocketError.WouldBlock;
            return 0;
        }
    }

    /// <summary>Tells what was read and not handed out.</summary>
    public IdleState LookAhead()
    {
        lock (_gate)
        {
            if (_count > 0)
            {
                return IdleState.Unread;
            }

            return _ended || Failure is not null ? IdleState.Ended : IdleState.Quiet;
        }
    }

    /// <summary>Makes sure that a read runs, whose end is told; false when there is something to receive now.</summary>
    public bool TryWait()
    {
        lock (_gate)
        {
            if (_count > 0 || _ended || Failure is not null)
            {
                return false;
            }

            if (_reading)
            {
                return true;
            }

            _reading = true;
            _buffer ??= new byte[BufferSize];
        }

        // Owned by this object: it ends with the stream, or when the connection stops it.
        _ = ReadAsync();
        return true;
    }

    /// <summary>The transport's own word for a failure, so that its identity survives the wrapping.</summary>
    public static SocketError StatusOf(Exception failure) => failure switch
    {
        SocketException socket => socket.SocketErrorCode,
        IOException { InnerException: SocketException socket } => socket.SocketErrorCode,
        ConnectionException { Error: ConnectionError.Reset } => SocketError.ConnectionReset,
        ConnectionException { Error: ConnectionError.TimedOut } => SocketError.TimedOut,
        ObjectDisposedException or OperationCanceledException or ConnectionException { Error: ConnectionError.Closed } => SocketError.OperationAborted,
        _ => SocketError.SocketError,
    };

    private async Task ReadAsync()
    {
        var count = 0;
        Exception? failure = null;
        try
        {
            count = await _stream.ReadAsync(_buffer, _stop).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Whatever a stranger's stream throws belongs to the read that will ask for it.
            failure = exception;
        }

        lock (_gate)
        {
            _reading = false;
            _start = 0;
            _count = count;
            _ended = count == 0;
            Failure = failure;
        }

        _ready();
    }
}
