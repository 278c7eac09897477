using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Carries the bytes of one direction of an in-memory connection: a bounded ring, as a socket's buffers are.</summary>
/// <remarks>
/// One lock guards all of it, and is never held while a reader or writer is told. The ring is rented while it holds bytes,
/// so an idle pair holds none. Invariant: a side that was told to wait is told once when it need not any more.
/// </remarks>
internal sealed class MemoryChannel
{
    private const int Capacity = 64 * 1024;

    private readonly Lock _gate = new();
    private byte[]? _ring;
    private int _start;
    private int _count;
    private bool _completed;    // no more bytes will come
    private bool _abandoned;    // nobody will read any more
    private bool _reset;        // the bytes in it are gone, and so is the reason to wait
    private bool _readerWaits;
    private bool _writerWaits;

    /// <summary>Is called, outside the lock, when a reader that waited should look again.</summary>
    public Action? ReaderReady { get; set; }

    /// <summary>Is called, outside the lock, when a writer that waited should look again.</summary>
    public Action? WriterReady { get; set; }

    public int TryRead(Span<byte> buffer, out SocketError status)
    {
        int count;
        var wake = false;
        lock (_gate)
        {
            status = ReadStatus();
            if (status != SocketError.Success)
            {
                return 0;
            }

            count = CopyOut(buffer);
            if (count > 0 && _writerWaits)
            {
                _writerWaits = false;
                wake = true;
            }
        }

        if (wake)
        {
            WriterReady?.Invoke();
        }

        return count;
    }

    public int TryWrite(ReadOnlySpan<byte> buffer, out SocketError status)
    {
        int count;
        var wake = false;
        lock (_gate)
        {
            status = WriteStatus(buffer.IsEmpty);
            if (status != SocketError.Success)
            {
                return 0;
            }

            count = CopyIn(buffer);
            if (count < buffer.Length)
            {
                status = SocketError.WouldBlock;
            }

            if (count > 0 && _readerWaits)
            {
                _readerWaits = false;
                wake = true;
            }
        }

        if (wake)
        {
            ReaderReady?.Invoke();
        }

        return count;
    }

    /// <summary>Tells what a read would find, and takes nothing.</summary>
    public IdleState LookAhead()
    {
        lock (_gate)
        {
            if (_reset || (_completed && _count == 0))
            {
                return IdleState.Ended;
            }

            return _count > 0 ? IdleState.Unread : IdleState.Quiet;
        }
    }

    /// <summary>Asks to be told by <see cref="ReaderReady"/>; false when there is no need to wait.</summary>
    public bool TryWaitToRead()
    {
        lock (_gate)
        {
            return _readerWaits = ReadStatus() == SocketError.WouldBlock;
        }
    }

    /// <summary>Asks to be told by <see cref="WriterReady"/>; false when there is no need to wait.</summary>
    public bool TryWaitToWrite()
    {
        lock (_gate)
        {
            return _writerWaits = WriteStatus(nothing: false) == SocketError.WouldBlock;
        }
    }

    /// <summary>The writer has finished: the reader gets what is here, then the end.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
        }

        WakeBoth();
    }

    /// <summary>The reader has gone: the writer gets an error, as from a peer that has closed.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _abandoned = true;
            ReturnRing();
        }

        WakeBoth();
    }

    /// <summary>The connection was reset: both sides get an error, unless the end was clean before.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            _reset = true;
            _abandoned = true;
            ReturnRing();
        }

        WakeBoth();
    }

    private SocketError ReadStatus()
    {
        if (_reset)
        {
            return SocketError.ConnectionReset;
        }

        return _count > 0 || _completed ? SocketError.Success : SocketError.WouldBlock;
    }

    private SocketError WriteStatus(bool nothing)
    {
        if (_abandoned)
        {
            return SocketError.ConnectionReset;
        }

        return nothing || _count < Capacity ? SocketError.Success : SocketError.WouldBlock;
    }

    private int CopyOut(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _count);
        var first = Math.Min(count, Capacity - _start);
        if (count > 0)
        {
            _ring.AsSpan(_start, first).CopyTo(buffer);
            _ring.AsSpan(0, count - first).CopyTo(buffer[first..]);
        }

        _start = (_start + count) % Capacity;
        _count -= count;
        if (_count == 0)
        {
            ReturnRing();
        }

        return count;
    }

    private int CopyIn(ReadOnlySpan<byte> buffer)
    {
        var count = Math.Min(buffer.Length, Capacity - _count);
        if (count == 0)
        {
            return 0;
        }

        _ring ??= ArrayPool<byte>.Shared.Rent(Capacity);
        var end = (_start + _count) % Capacity;
        var first = Math.Min(count, Capacity - end);
        buffer[..first].CopyTo(_ring.AsSpan(end));
        buffer[first..count].CopyTo(_ring);
        _count += count;
        Debug.Assert(_count <= Capacity, "A writer never puts in more than there is room for.");
        return count;
    }

    private void ReturnRing()
    {
        if (_ring is { } ring)
        {
            _ring = null;
            ArrayPool<byte>.Shared.Return(ring);
        }

        _start = _count = 0;
    }

    private void WakeBoth()
    {
        bool reader;
        bool writer;
        lock (_gate)
        {
            (reader, writer) = (_readerWaits, _writerWaits);
            _readerWaits = _writerWaits = false;
        }

        if (reader)
        {
            ReaderReady?.Invoke();
        }

        if (writer)
        {
            WriterReady?.Invoke();
        }
    }
}
