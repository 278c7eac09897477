using System.Buffers;
using System.Net.Sockets;

namespace NetKit;

// The system calls of reading and writing.
internal sealed unsafe partial class PolledConnection
{
    // As many as fit a small stack frame; the system would take 1024.
    private const int MostBuffersTogether = 32;

    private bool _sawEnd; // guarded as _receiveError is, as are the next two
    private bool _receivedApart;
    private int _receivedInBatch;
    private volatile bool _isSending; // from before the system is asked until _sendError says what it told

    internal override int TryReceive(Span<byte> buffer, out SocketError status)
    {
        if (_receiveError != SocketError.Success)
        {
            status = _receiveError;
            return 0;
        }

        if (!TryTakeReadiness(isToBeKept: buffer.IsEmpty))
        {
            status = SocketError.WouldBlock;
            return 0;
        }

        if (buffer.IsEmpty)
        {
            status = Peek();
            return 0;
        }

        var count = Receive(buffer, flags: 0, out status);

        // Asked afterwards: who leads still led all the while.
        _receivedApart = !LoopThread.Leads(_descriptor.Loop, out _receivedInBatch);
        if (status == SocketError.Success && (count == buffer.Length || count == 0))
        {
            OnMoreToReceive(count, ref status);
        }
        else if (status == SocketError.Success)
        {
            _descriptor.OnShortRead();
        }

        return count;
    }

    // What was received to the last byte is told apart by the next event.
    private protected override bool SeemsQuiet =>
        !_descriptor.MayBeReadable && _receiveError == SocketError.Success && _sendError == SocketError.Success;

    private protected override IdleState LookAhead()
    {
        if (_sendError != SocketError.Success || _receiveError != SocketError.Success)
        {
            return IdleState.Ended;
        }

        Span<byte> one = stackalloc byte[1];
        var count = Receive(one, Libc.Peek, out var status);
        return IdleStateOf(count, status);
    }

    internal override int TrySend(ReadOnlySpan<byte> buffer, out SocketError status)
    {
        if (buffer.IsEmpty)
        {
            status = SocketError.Success;
            return 0;
        }

        if (!TryBeginSend(out var descriptor, out status))
        {
            return 0;
        }

        nint sent;
        fixed (byte* start = buffer)
        {
            sent = SocketCalls.Send(descriptor, start, buffer.Length);
        }

        return (int)EndSend(sent, buffer.Length, out status);
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
        if (!TryBeginSend(out var descriptor, out status))
        {
            return 0;
        }

        var message = new Libc.Message { Vectors = vectors, VectorCount = (nuint)count };
        return EndSend(Libc.SendMessage(descriptor, &message, Libc.DontWait | Libc.NoSignal), length, out status);
    }

    private bool TryBeginSend(out int descriptor, out SocketError status)
    {
        status = _sendError;
        descriptor = -1;
        if (status != SocketError.Success)
        {
            return false;
        }

        if (_descriptor.IsClosing)
        {
            status = SocketError.OperationAborted;
            return false;
        }

        _descriptor.ClearWritable();
        _isSending = true;
        descriptor = _descriptor.Number;
        return true;
    }

    private long EndSend(nint sent, long length, out SocketError status)
    {
        // The system takes less than all only when it has no room for more: asking again would be a wasted call.
        status = sent == length ? SocketError.Success : sent >= 0 ? SocketError.WouldBlock : Errno.LastSocketError;
        if (status is not (SocketError.Success or SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable))
        {
            // The system tells once why a connection broke. A read must not take it for a clean end afterwards.
            _sendError = status;
        }

        _isSending = false;
        return Math.Max(sent, 0);
    }

    private int Receive(Span<byte> buffer, int flags, out SocketError status)
    {
        if (_descriptor.IsClosing)
        {
            status = SocketError.OperationAborted;
            return 0;
        }

        nint count;
        fixed (byte* start = buffer)
        {
            count = SocketCalls.Receive(_descriptor.Number, start, buffer.Length, flags);
        }

        status = count >= 0 ? SocketError.Success : Errno.LastSocketError;
        if (status is not (SocketError.Success or SocketError.WouldBlock))
        {
            _receiveError = status;
        }

        return Math.Max((int)count, 0);
    }

    /// <summary>Tells whether it is worth asking the socket, and that it is being asked.</summary>
    private bool TryTakeReadiness(bool isToBeKept)
    {
        if (_isHandedOver)
        {
            _isHandedOver = false;
            if (isToBeKept)
            {
                KeepReadable();
            }
            else
            {
                // There may be an older one, kept while the read had to let others go first.
                _descriptor.ClearReadable();
            }

            return true;
        }

        if (!_descriptor.MayBeReadable || LoopThread.ShouldYield())
        {
            return false;
        }

        if (!isToBeKept)
        {
            _descriptor.ClearReadable();
        }

        return true;
    }

    /// <summary>Keeps a readiness that was handed over for the read that will take the data.</summary>
    private void KeepReadable()
    {
        // What was received beside the loop, or in this very batch, may be what the event told of.
        if (_receivedApart || (LoopThread.Leads(_descriptor.Loop, out var batch) && batch == _receivedInBatch))
        {
            _receivedApart = false;
            _descriptor.GiveBackReadable();
        }
        else
        {
            _descriptor.KeepReadable();
        }
    }

    private void OnMoreToReceive(int count, ref SocketError status)
    {
        _descriptor.GiveBackReadable();
        if (count > 0)
        {
            return;
        }

        // A write may be hearing of a reset right now; then the system shows us an end. It began before the system told
        // it, and we were shown the end after that: so here it is seen to be under way.
        var spinner = default(SpinWait);
        while (_isSending)
        {
            spinner.SpinOnce();
        }

        _sawEnd = true;
        if (_sendError is not (SocketError.Success or SocketError.Shutdown))
        {
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
