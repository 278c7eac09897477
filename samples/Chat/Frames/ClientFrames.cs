namespace NetKit.Samples;

/// <summary>Looks at the heads of the frames that a client sends, as they pass by: each must be masked (RFC 6455, section 5.1).</summary>
/// <remarks>
/// After a frame without a mask the stream gives zeros at once, so that who waits for the four bytes of the mask sees that there is none.
/// Disposing it ends a read that waits, and leaves the connection to the server, which closes it with a FIN after the goodbye, not with a
/// reset. Where the server itself has cut a client off, the stream gives a goodbye, too: nobody is to be told what is known, and an
/// exception on its way through all that wait is dear where hundreds are cut off at once.
/// </remarks>
internal sealed class ClientFrames(Stream inner, OutgoingFrames outgoing, TimeProvider clock) : Stream
{
    private const int MostReadsAtOnce = 100;

    private static ReadOnlySpan<byte> Goodbye => [0x88, 0x80, 0, 0, 0, 0]; // empty, with a mask of zeros

    private readonly CancellationTokenSource _disposal = new();
    private readonly byte[] _head = new byte[2];
    private int _headLength; // of the frame whose head is read
    private int _extraLength; // what of it is still to come: the rest of the length, then the mask
    private ulong _length;
    private ulong _payloadLeft;
    private bool _isUnmasked;
    private volatile bool _isCutOff;
    private bool _gaveGoodbye;
    private long _heardAt = clock.GetTimestamp();
    private long _count;
    private int _readsAtOnce; // in a row, none of which had to wait

    /// <summary>When the last frame had come, whole. At first: when the client had come.</summary>
    public long HeardAt => Interlocked.Read(ref _heardAt);

    /// <summary>How many frames have come, whole.</summary>
    public long Count => Interlocked.Read(ref _count);

    // Anything else than a head would be taken for a part of what has begun.
    private bool MayGiveGoodbye => _isCutOff && !_gaveGoodbye && _headLength == 0 && _payloadLeft == 0;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Expects the connection to break, because the server is about to break it.</summary>
    public void CutOff() => _isCutOff = true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isUnmasked)
        {
            buffer.Span.Clear();
            return buffer.Length;
        }

        if (MayGiveGoodbye)
        {
            return GiveGoodbye(buffer.Span);
        }

        try
        {
            // Nobody gives a token of its own: one that is cancelled would abort the WebSocket.
            var reading = inner.ReadAsync(buffer, _disposal.Token);
            if (!reading.IsCompleted)
            {
                _readsAtOnce = 0;
            }
            else if (++_readsAtOnce == MostReadsAtOnce)
            {
                // Whoever sends without a pause would keep this thread from all others, and from whoever began to read.
                _readsAtOnce = 0;
                await Task.Yield();
            }

            var count = await reading;
            Pass(buffer.Span[..count]);
            return count;
        }
        catch (Exception) when (MayGiveGoodbye)
        {
            return GiveGoodbye(buffer.Span);
        }
        catch (OperationCanceledException e) when (!_disposal.IsCancellationRequested)
        {
            // The server cancels the read of a connection that broke, if it hears of that in another way first.
            throw new IOException("The connection is lost.", e);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => outgoing.WriteAsync(buffer);

    // A write to the stream of an upgraded request has flushed already.
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _disposal.Cancel();
        }

        base.Dispose(disposing);
    }

    private int GiveGoodbye(Span<byte> buffer)
    {
        if (buffer.Length < Goodbye.Length)
        {
            return 0; // who only waits reads again
        }

        _gaveGoodbye = true;
        Goodbye.CopyTo(buffer);
        return Goodbye.Length;
    }

    private void Pass(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && !_isUnmasked)
        {
            if (_payloadLeft > 0)
            {
                var skipped = (int)Math.Min(_payloadLeft, (ulong)bytes.Length);
                _payloadLeft -= (ulong)skipped;
                bytes = bytes[skipped..];
                PassEnd();
                continue;
            }

            PassHead(bytes[0]);
            bytes = bytes[1..];
        }
    }

    private void PassHead(byte value)
    {
        if (_headLength < _head.Length)
        {
            _head[_headLength++] = value;
            if (_headLength == _head.Length)
            {
                _isUnmasked = (value & 0x80) == 0;
                _length = (ulong)(value & 0x7F);
                _extraLength = (_length == 127 ? sizeof(ulong) : _length == 126 ? sizeof(ushort) : 0) + 4;
                _length = _length >= 126 ? 0 : _length;
            }

            return;
        }

        _extraLength--;
        if (_extraLength >= 4)
        {
            _length = (_length << 8) | value;
        }
        else if (_extraLength == 0)
        {
            _payloadLeft = _length;
            _headLength = 0;
            PassEnd();
        }
    }

    private void PassEnd()
    {
        if (_payloadLeft == 0)
        {
            Interlocked.Exchange(ref _heardAt, clock.GetTimestamp());
            Interlocked.Increment(ref _count);
        }
    }
}
