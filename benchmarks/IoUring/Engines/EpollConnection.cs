namespace NetKit.Benchmarks;

/// <summary>Reads and writes with system calls of its own, and waits for the loop only when a call found nothing to do.</summary>
internal sealed class EpollConnection(EpollLoop loop, int descriptor) : LoopConnection
{
    private const uint Ended = Epoll.HangUp | Epoll.Error;

    private readonly ReadinessReader _reader = new(descriptor);
    private readonly Waiter _writer = new();
    private ReadOnlyMemory<byte> _unwritten;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer) => _reader.ReadAsync(buffer);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
    {
        var errno = DirectCalls.TrySend(descriptor, ref buffer);
        if (errno == 0)
        {
            return ValueTask.CompletedTask;
        }

        if (errno != Errno.Again)
        {
            return ValueTask.FromException(Errno.ToException("send", errno));
        }

        _unwritten = buffer;
        return _writer.Wait();
    }

    public override void Close()
    {
        loop.Remove(descriptor);
        _ = LibC.Close(descriptor);
    }

    public void OnReady(uint events)
    {
        if (_writer.IsWaiting && (events & (Epoll.Writable | Ended)) != 0)
        {
            GoOnWriting();
        }

        if ((events & (Epoll.Readable | Epoll.PeerFinished | Ended)) != 0)
        {
            _reader.OnReady((events & (Epoll.PeerFinished | Ended)) != 0);
        }
    }

    private void GoOnWriting()
    {
        var errno = DirectCalls.TrySend(descriptor, ref _unwritten);
        if (errno == 0)
        {
            _writer.End(0);
        }
        else if (errno != Errno.Again)
        {
            _writer.Fail("send", errno);
        }
    }
}
