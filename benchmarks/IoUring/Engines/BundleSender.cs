using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>Copies each write into a group of buffers of the connection's own, and sends all that gathered with one operation.</summary>
/// <remarks>
/// A study, not a proposal: a write is done before the kernel has a byte of it, so nobody can tell how much of it was sent.
/// The kernel numbers groups with 16 bits, which is the end of it at 65,535 connections.
/// </remarks>
internal sealed unsafe class BundleSender : Sender
{
    private const int Page = 4096; // of which the ring of buffers wants one at least
    private const int Writes = 16;
    private const int Size = 32 * 1024;

    private readonly RingLoop _loop;
    private readonly RingConnection _connection;
    private readonly Waiter _waiter = new();
    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(Page + Size, Page);
    private ReadOnlyMemory<byte> _rest;
    private int _written; // bytes gathered since the memory was last empty
    private int _sent;
    private ushort _tail;
    private ushort _emptyTail;
    private bool _isSending;
    private int _errno;

    public BundleSender(RingLoop loop, RingConnection connection)
    {
        _loop = loop;
        _connection = connection;
        NativeMemory.Clear(_memory, Page);
        var request = new BufferRing.Request { Address = (ulong)_memory, Count = Writes, Group = Group };
        var result = loop.Ring.Register(RegisterOperation.BufferRing, &request, 1);
        if (result < 0)
        {
            throw Errno.ToException("io_uring_register of a buffer ring", -result);
        }
    }

    private ushort Group => checked((ushort)(_connection.Slot + 1));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
    {
        if (_errno != 0)
        {
            return ValueTask.FromException(Errno.ToException("send", _errno));
        }

        Gather(ref buffer);
        SubmitUnlessSending();
        if (buffer.IsEmpty)
        {
            return ValueTask.CompletedTask;
        }

        _rest = buffer;
        return _waiter.Wait();
    }

    public override void OnCompletion(in CompletionEntry completion)
    {
        _isSending = false;
        _errno = Math.Max(0, -completion.Result);
        _sent += Math.Max(0, completion.Result);
        if (_errno != 0)
        {
            if (_waiter.IsWaiting)
            {
                _waiter.Fail("send", _errno);
            }

            return;
        }

        if (_sent == _written)
        {
            _sent = _written = 0;
            _emptyTail = _tail;
        }

        Gather(ref _rest);
        SubmitUnlessSending();
        if (_waiter.IsWaiting && _rest.IsEmpty)
        {
            _waiter.End(0);
        }
    }

    public override void Release()
    {
        var request = new BufferRing.Request { Group = Group };
        _ = _loop.Ring.Register(RegisterOperation.RemoveBufferRing, &request, 1);
        NativeMemory.AlignedFree(_memory);
    }

    private void Gather(ref ReadOnlyMemory<byte> buffer)
    {
        var length = Math.Min(buffer.Length, Size - _written);
        if (length == 0 || (ushort)(_tail - _emptyTail) == Writes)
        {
            return;
        }

        var start = _memory + Page + _written;
        buffer.Span[..length].CopyTo(new Span<byte>(start, length));
        var entries = (BufferRing.Entry*)_memory;
        ref var entry = ref entries[_tail % Writes];
        entry.Address = (ulong)start;
        entry.Length = (uint)length;
        entry.Buffer = (ushort)(_tail % Writes);
        Volatile.Write(ref entries->Tail, ++_tail);
        _written += length;
        buffer = buffer[length..];
    }

    private void SubmitUnlessSending()
    {
        if (_isSending || _sent == _written)
        {
            return;
        }

        _isSending = true;
        ref var entry = ref _loop.Prepare(_connection, RingOperation.Send, RingWork.Send);
        entry.Flags |= EntryFlags.SelectBuffer;
        entry.BufferGroup = Group;
        entry.Mode = SubmissionEntry.Bundle;
        entry.CallFlags = LibC.NoSignal | LibC.WaitAll;
    }
}
