namespace NetKit.Tests.Broadcasting;

/// <summary>Publishing and reading cost no memory of their own.</summary>
[Collection(nameof(Alone))]
public sealed class BroadcastAllocationTests
{
    [Fact]
    public void An_item_is_published_and_read_without_allocation()
    {
        using var broadcaster = new Broadcaster<object>();
        var subscriptions = Enumerable.Range(0, 10).Select(_ => broadcaster.Subscribe()).ToArray();
        var item = new object();
        Exchange();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            Exchange();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Exchange()
        {
            broadcaster.Publish(item);
            foreach (var subscription in subscriptions)
            {
                Assert.True(subscription.TryRead(out _));
            }
        }
    }

    [Fact]
    public void A_subscription_that_holds_nothing_is_small()
    {
        using var broadcaster = new Broadcaster<object>();
        Subscription<object>[] subscriptions = new Subscription<object>[1_000];
        using var first = broadcaster.Subscribe();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < subscriptions.Length; i++)
        {
            subscriptions[i] = broadcaster.Subscribe();
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / subscriptions.Length, 1, 224);
    }
}
