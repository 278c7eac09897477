using System.Buffers;
using System.Net.Sockets;

namespace NetKit;

// The system calls of reading and writing.
internal sealed unsafe partial class PolledConnection
{
    // As many as fit a small stack frame; the system would take 1024.
    private const int MostBuffersTogether = 32;

    private bool _sawEnd; // guarded as _receiveError is

    internal override int TryReceive(Span<byte> buffer, out SocketError status)
    {
        if (_receiveError != SocketError.Success)
        {
            status = _receiveError;
            return 0;
        }

        if (!_descriptor.MayBeReadable || LoopThread.ShouldYield())
        {
            status = SocketError.WouldBlock;
            return 0;
        }

        if (buffer.IsEmpty)
        {
            status = Peek();
            return 0;
        }

        _descriptor.ClearReadable();
        var count = Receive(buffer, flags: 0, out status);
        if (status == SocketError.Success)
        {
            OnReceived(count, buffer.Length, ref status);
        }

        return count;
    }

    internal override int TrySend(ReadOnlySpan<byte> buffer, out SocketError status)
    {
        if (buffer.IsEmpty)
        {
            status = SocketError.Success;
            return 0;
        }

        fixed (byte* start = buffer)
        {
            var vector = new Libc.Vector { Start = start, Length = (nuint)buffer.Length };
            return (int)Send(&vector, count: 1, buffer.Length, out status);
        }
    }

    internal override long TrySend(in ReadOnlySequence<byte> buffers, out SocketError status) =>
        buffers.IsSingleSegment ? TrySend(buffers.FirstSpan, out status) : TrySendTogether(buffers, out status);

    private long TrySendTogether(ReadOnlySequence<byte> buffers, out SocketError status)
    {
        var vectors = stackalloc Libc.Vector[MostBuffersTogether];
        var total = 0L;
        status = SocketError.Success;
        while (!buffers.IsEmpty && status == SocketError.Success)
        {
            var sent = SendFirst(buffers.GetEnumerator(), vectors, count: 0, length: 0, out status);
            total += sent;
            buffers = buffers.Slice(sent);
        }

        return total;
    }

    /// <summary>Sends as many buffers as one call takes. Each is pinned by a frame of its own: that needs no handle and no list.</summary>
    private long SendFirst(ReadOnlySequence<byte>.Enumerator rest, Libc.Vector* vectors, int count, long length, out SocketError status)
    {
        while (count < MostBuffersTogether && rest.MoveNext())
        {
            var span = rest.Current.Span;
            if (span.IsEmpty)
            {
                continue;
            }

            fixed (byte* start = span)
            {
                vectors[count] = new Libc.Vector { Start = start, Length = (nuint)span.Length };
                return SendFirst(rest, vectors, count + 1, length + span.Length, out status);
            }
        }

        status = SocketError.Success;
        return count == 0 ? 0 : Send(vectors, count, length, out status);
    }

    private long Send(Libc.Vector* vectors, int count, long length, out SocketError status)
    {
        if (_sendError != SocketError.Success || !_descriptor.TryUse(out var descriptor))
        {
            status = _sendError != SocketError.Success ? _sendError : SocketError.OperationAborted;
            return 0;
        }

        _descriptor.ClearWritable();
        nint sent;
        do
        {
            sent = count == 1
                ? Libc.Send(descriptor, vectors->Start, vectors->Length, Libc.DontWait | Libc.NoSignal)
                : SendMessage(descriptor, vectors, count);
            status = sent >= 0 ? SocketError.Success : Errno.LastSocketError;
        }
        while (status == SocketError.Interrupted);
        _descriptor.Leave();
        if (sent >= 0)
        {
            // The system takes less than all only when it has no room for more: asking again would be a wasted call.
            status = sent < length ? SocketError.WouldBlock : SocketError.Success;
            return sent;
        }

        if (status is not (SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable))
        {
            // The system tells once why a connection broke. A read must not take it for a clean end afterwards.
            _sendError = status;
        }

        return 0;
    }

    private static nint SendMessage(int descriptor, Libc.Vector* vectors, int count)
    {
        var message = new Libc.Message { Vectors = vectors, VectorCount = (nuint)count };
        return Libc.SendMessage(descriptor, &message, Libc.DontWait | Libc.NoSignal);
    }

    private int Receive(Span<byte> buffer, int flags, out SocketError status)
    {
        if (!_descriptor.TryUse(out var descriptor))
        {
            status = SocketError.OperationAborted;
            return 0;
        }

        nint count;
        fixed (byte* start = buffer)
        {
            do
            {
                count = Libc.Receive(descriptor, start, (nuint)buffer.Length, flags | Libc.DontWait);
                status = count >= 0 ? SocketError.Success : Errno.LastSocketError;
            }
            while (status == SocketError.Interrupted);
        }

        _descriptor.Leave();
        if (status is not (SocketError.Success or SocketError.WouldBlock))
        {
            _receiveError = status;
        }

        return Math.Max((int)count, 0);
    }

    private void OnReceived(int count, int capacity, ref SocketError status)
    {
        if (count > 0 && count < capacity)
        {
            _descriptor.OnShortRead();
            return;
        }

        _descriptor.GiveBackReadable();
        if (count > 0)
        {
            return;
        }

        _sawEnd = true;
        if (_sendError is not (SocketError.Success or SocketError.Shutdown))
        {
            // A write has heard of the reset before us; to us the system shows an end.
            status = _receiveError = _sendError;
        }
    }

    /// <summary>Tells whether a read would find something: success, or why not.</summary>
    private SocketError Peek()
    {
        if (_descriptor.IsSurelyReadable)
        {
            return SocketError.Success;
        }

        _descriptor.ClearReadable();
        Span<byte> one = stackalloc byte[1];
        Receive(one, Libc.Peek, out var status);
        if (status != SocketError.WouldBlock)
        {
            _descriptor.GiveBackReadable();
        }

        return status;
    }
}
