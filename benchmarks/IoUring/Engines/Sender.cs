namespace NetKit.Benchmarks;

/// <summary>The sending half of a <see cref="RingConnection"/>.</summary>
internal abstract class Sender
{
    public static Sender Create(RingLoop loop, RingConnection connection, Variant variant) => variant.Send switch
    {
        SendWay.Ring => new RingSender(loop, connection),
        SendWay.Adaptive => new AdaptiveSender(loop, connection),
        SendWay.Direct => new DirectSender(loop, connection),
        _ => new BundleSender(loop, connection),
    };

    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> buffer);

    public abstract void OnCompletion(in CompletionEntry completion);

    public virtual void Release()
    {
    }
}
