using System.Net.Sockets;

namespace NetKit;

/// <summary>Keeps at most one write running on a stream, with bytes that it took into a buffer of its own.</summary>
internal sealed class StreamSender
{
    private const int BufferSize = 16 * 1024;

    private readonly Stream _stream;
    private readonly Action _ready;
    private readonly CancellationToken _stop;
    private readonly Lock _gate = new(); // guards the fields below; never held while the stream or _ready is called
    private byte[]? _buffer;
    private bool _writing;
    private Task _write = Task.CompletedTask;

    public StreamSender(Stream stream, Action ready, CancellationToken stop)
    {
        _stream = stream;
        _ready = ready;
        _stop = stop;
    }

    /// <summary>What the stream failed with; null while it has not.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Takes bytes while the stream writes them at once; waits when it does not, also for the last of them.</summary>
    public int TrySend(ReadOnlySpan<byte> buffer, out SocketError status)
    {
        var taken = 0;
        while (true)
        {
            lock (_gate)
            {
                status = Failure is not null ? StreamReceiver.StatusOf(Failure) : _writing ? SocketError.WouldBlock : SocketError.Success;
                if (status != SocketError.Success || taken == buffer.Length)
                {
                    return taken;
                }

                _writing = true;
            }

            _buffer ??= new byte[BufferSize];
            var count = Math.Min(buffer.Length - taken, _buffer.Length);
            buffer.Slice(taken, count).CopyTo(_buffer);
            taken += count;
            _write = RunAsync(WriteAsync(count));
        }
    }

    /// <summary>Tells whether a write runs, whose end will be told.</summary>
    public bool TryWait()
    {
        lock (_gate)
        {
            return _writing;
        }
    }

    /// <summary>Half-closes the stream, after the write that may still be running on it.</summary>
    public void SendEnd(Func<ValueTask> end)
    {
        Task before;
        lock (_gate)
        {
            _writing = true;
            before = _write;
        }

        _write = RunAsync(AfterAsync(before, end));
    }

    /// <summary>Waits until no write runs on the stream.</summary>
    public Task WaitAsync() => _write;

    private static async ValueTask AfterAsync(Task before, Func<ValueTask> end)
    {
        await before.ConfigureAwait(false);
        await end().ConfigureAwait(false);
    }

    private async ValueTask WriteAsync(int count)
    {
        await _stream.WriteAsync(_buffer.AsMemory(0, count), _stop).ConfigureAwait(false);

        // Some streams keep what they are given (compression, buffering). A write of a connection has gone when it ends.
        await _stream.FlushAsync(_stop).ConfigureAwait(false);
    }

    private async Task RunAsync(ValueTask write)
    {
        Exception? failure = null;
        try
        {
            await write.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Whatever a stranger's stream throws belongs to the write that comes next.
            failure = exception;
        }

        lock (_gate)
        {
            _writing = false;
            Failure = failure;
        }

        _ready();
    }
}
