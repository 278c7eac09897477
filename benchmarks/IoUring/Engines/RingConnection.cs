namespace NetKit.Benchmarks;

/// <summary>A connection whose waiting, and by choice receiving and sending, is done by a ring.</summary>
internal sealed class RingConnection : LoopConnection
{
    private readonly RingLoop _loop;
    private readonly Receiver _receiver;
    private readonly Sender _sender;
    private bool _isClosing;

    public RingConnection(RingLoop loop, int slot, int descriptor, Variant variant)
    {
        _loop = loop;
        Slot = slot;
        Descriptor = descriptor;
        _receiver = Receiver.Create(loop, this, variant);
        _sender = Sender.Create(loop, this, variant);
    }

    public int Slot { get; }

    public int Descriptor { get; }

    /// <summary>Operations that the kernel still has: until they are back, neither the slot nor the socket is free.</summary>
    public int InFlight { get; set; }

    public override ReadOnlyMemory<byte> Borrowed => _receiver.Borrowed;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer) => _receiver.ReadAsync(buffer);

    public override ValueTask<int> BorrowAsync() => _receiver.BorrowAsync();

    public override void Return() => _receiver.Return();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer) => _sender.WriteAsync(buffer);

    public override void Close()
    {
        _isClosing = true;
        _receiver.Cancel();
        RemoveWhenIdle();
    }

    public void OnCompletion(RingWork work, in CompletionEntry completion)
    {
        if (!completion.HasMore)
        {
            InFlight--;
        }

        if (work == RingWork.Receive)
        {
            _receiver.OnCompletion(completion);
        }
        else
        {
            _sender.OnCompletion(completion);
        }

        if (_isClosing)
        {
            RemoveWhenIdle();
        }
    }

    private void RemoveWhenIdle()
    {
        if (InFlight == 0 && _isClosing)
        {
            _isClosing = false;
            _receiver.Release();
            _sender.Release();
            _loop.Remove(this);
        }
    }
}
