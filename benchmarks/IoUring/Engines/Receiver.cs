namespace NetKit.Benchmarks;

/// <summary>The receiving half of a <see cref="RingConnection"/>.</summary>
internal abstract class Receiver
{
    public virtual ReadOnlyMemory<byte> Borrowed => default;

    public static Receiver Create(RingLoop loop, RingConnection connection, Variant variant) => variant.Receive switch
    {
        ReceiveWay.Once or ReceiveWay.PollFirst or ReceiveWay.Hybrid => new SingleReceiver(loop, connection, variant.Receive),
        ReceiveWay.Readiness => new ReadinessReceiver(loop, connection),
        _ => new MultishotReceiver(loop, connection, bundle: variant.Receive == ReceiveWay.LendBundled),
    };

    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer);

    public virtual ValueTask<int> BorrowAsync() => throw new NotSupportedException("Only multishot receive has buffers to lend.");

    public virtual void Return()
    {
    }

    public abstract void OnCompletion(in CompletionEntry completion);

    /// <summary>Asks for the end of whatever is in flight.</summary>
    public abstract void Cancel();

    /// <summary>Gives back what is held, when nothing is in flight any more.</summary>
    public virtual void Release()
    {
    }
}
