namespace NetKit.Benchmarks;

/// <summary>The library's <see cref="Broadcaster{T}"/>.</summary>
internal sealed class BroadcasterWay : BroadcastWay
{
    private readonly Broadcaster<long> _broadcaster = new();
    private readonly List<Subscription<long>> _subscriptions = [];

    public override string Name => "Broadcaster";

    public override long Dropped => _subscriptions.Sum(static subscription => subscription.DroppedCount);

    public override async Task SubscribeAsync(BroadcastListener listener)
    {
        var subscription = _broadcaster.Subscribe(Capacity, SlowConsumerPolicy.DropOldest);
        _subscriptions.Add(subscription);
        while (await subscription.WaitToReadAsync())
        {
            while (subscription.TryRead(out var item))
            {
                listener.Hear(item);
            }
        }
    }

    public override void Publish(long item) => _broadcaster.Publish(item);

    public override void Dispose() => _broadcaster.Dispose();
}
