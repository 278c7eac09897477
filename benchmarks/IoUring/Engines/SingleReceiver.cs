using System.Buffers;

namespace NetKit.Benchmarks;

/// <summary>Receives into the caller's buffer, which stays pinned for as long as the read waits.</summary>
internal sealed unsafe class SingleReceiver(RingLoop loop, RingConnection connection, ReceiveWay way) : Receiver
{
    private readonly Waiter _waiter = new();
    private MemoryHandle _pin;
    private bool _leftData;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        if (way == ReceiveWay.Hybrid && _leftData)
        {
            var count = DirectCalls.TryReceive(connection.Descriptor, buffer.Span);
            _leftData = count == buffer.Length;
            if (count >= 0)
            {
                return new ValueTask<int>(count);
            }

            if (-count != Errno.Again)
            {
                return ValueTask.FromException<int>(Errno.ToException("recv", -count));
            }
        }

        _pin = buffer.Pin();
        ref var entry = ref loop.Prepare(connection, RingOperation.Receive, RingWork.Receive);
        entry.Address = (ulong)_pin.Pointer;
        entry.Length = (uint)buffer.Length;
        entry.Mode = way != ReceiveWay.Once && !_leftData ? SubmissionEntry.PollFirst : (ushort)0;
        return _waiter.WaitForCount();
    }

    public override void OnCompletion(in CompletionEntry completion)
    {
        _pin.Dispose();
        _leftData = completion.LeftData;
        if (completion.Result >= 0)
        {
            _waiter.End(completion.Result);
        }
        else
        {
            _waiter.Fail("receive", -completion.Result);
        }
    }

    public override void Cancel()
    {
        if (_waiter.IsWaiting)
        {
            loop.Cancel(connection, RingWork.Receive);
        }
    }
}
