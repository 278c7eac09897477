namespace NetKit.Benchmarks;

/// <summary>Receives with a system call of its own, and waits for readiness only when that can find nothing.</summary>
internal sealed class ReadinessReader(int descriptor)
{
    private readonly Waiter _waiter = new();
    private Memory<byte> _buffer;
    private bool _mayRead = true;
    private bool _peerFinished;

    public ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        if (_mayRead)
        {
            var count = TryReceive(buffer.Span);
            if (count >= 0)
            {
                return new ValueTask<int>(count);
            }

            if (-count != Errno.Again)
            {
                return ValueTask.FromException<int>(Errno.ToException("recv", -count));
            }
        }

        _buffer = buffer;
        return _waiter.WaitForCount();
    }

    public void OnReady(bool peerFinished)
    {
        _peerFinished |= peerFinished;
        _mayRead = true;
        if (!_waiter.IsWaiting)
        {
            return;
        }

        var count = TryReceive(_buffer.Span);
        if (count >= 0)
        {
            _waiter.End(count);
        }
        else if (-count != Errno.Again)
        {
            _waiter.Fail("recv", -count);
        }
    }

    private int TryReceive(Span<byte> buffer)
    {
        var count = DirectCalls.TryReceive(descriptor, buffer);

        // After less than was asked for, whatever comes next is a new event; only the end is not announced twice.
        _mayRead = count == buffer.Length || _peerFinished;
        return count;
    }
}
