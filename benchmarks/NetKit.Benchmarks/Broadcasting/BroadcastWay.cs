namespace NetKit.Benchmarks;

/// <summary>A way to give each item to many subscribers: NetKit's broadcaster, or what one would write oneself.</summary>
internal abstract class BroadcastWay : IDisposable
{
    /// <summary>How many items may wait for one subscriber.</summary>
    protected const int Capacity = 1024;

    public abstract string Name { get; }

    /// <summary>Items that were not delivered because a subscriber's queue was full.</summary>
    public abstract long Dropped { get; }

    /// <summary>Adds a subscriber, which reads until the way is disposed, and tells its audience of each item.</summary>
    public abstract Task SubscribeAsync(BroadcastListener listener);

    public abstract void Publish(long item);

    public abstract void Dispose();
}
