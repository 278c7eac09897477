namespace NetKit.Tests.Broadcasting;

/// <summary>What a subscriber that keeps up gets.</summary>
public sealed class DeliveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Each_subscriber_gets_each_item_in_order()
    {
        using var broadcaster = new Broadcaster<int>();
        using var first = broadcaster.Subscribe();
        using var second = broadcaster.Subscribe();
        broadcaster.Publish(1);
        broadcaster.Publish(2);
        Assert.Equal([1, 2], first.TakeAll());
        Assert.Equal([1, 2], second.TakeAll());
    }

    [Fact]
    public void A_subscriber_gets_what_is_published_from_its_subscription_on()
    {
        using var broadcaster = new Broadcaster<int>();
        broadcaster.Publish(1);
        using var subscription = broadcaster.Subscribe();
        broadcaster.Publish(2);
        Assert.Equal([2], subscription.TakeAll());
    }

    [Fact]
    public void Publishing_to_nobody_is_fine()
    {
        using var broadcaster = new Broadcaster<int>();
        broadcaster.Publish(1);
        Assert.Equal(0, broadcaster.SubscriberCount);
    }

    [Fact]
    public async Task Who_waits_is_woken_by_an_item()
    {
        using var broadcaster = new Broadcaster<string>();
        using var subscription = broadcaster.Subscribe();
        var wait = subscription.WaitToReadAsync(Token).AsTask();
        Assert.False(wait.IsCompleted);
        broadcaster.Publish("hello");
        Assert.True(await wait.Within());
        Assert.True(subscription.TryRead(out var item));
        Assert.Equal("hello", item);
    }

    [Fact]
    public void Waiting_does_not_wait_where_an_item_is()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        broadcaster.Publish(1);
        Assert.True(subscription.WaitToReadAsync(Token).AsTask() is { IsCompletedSuccessfully: true, Result: true });
    }

    [Fact]
    public async Task Items_can_be_read_by_await_foreach()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        var reading = ReadAll(subscription);
        broadcaster.Publish(1);
        broadcaster.Publish(2);
        broadcaster.Dispose();
        Assert.Equal([1, 2], await reading.Within());
    }

    [Fact]
    public async Task A_cancelled_wait_loses_nothing()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        using var cancellation = new CancellationTokenSource();
        var wait = subscription.WaitToReadAsync(cancellation.Token).AsTask();
        cancellation.Cancel();
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.Within());
        Assert.Equal(cancellation.Token, exception.CancellationToken);
        broadcaster.Publish(1);
        Assert.True(await subscription.WaitToReadAsync(Token).Within());
        Assert.Equal([1], subscription.TakeAll());
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_ends_the_wait_at_once()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        var wait = subscription.WaitToReadAsync(new CancellationToken(canceled: true));
        Assert.True(wait.IsCanceled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await wait);
    }

    [Fact]
    public async Task A_token_is_done_with_when_its_wait_has_ended()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        using var cancellation = new CancellationTokenSource();
        var first = subscription.WaitToReadAsync(cancellation.Token).AsTask();
        broadcaster.Publish(1);
        Assert.True(await first.Within());
        Assert.Equal([1], subscription.TakeAll());
        var second = subscription.WaitToReadAsync(Token).AsTask();
        cancellation.Cancel();
        await Waiting.StillWaits(second);
        broadcaster.Publish(2);
        Assert.True(await second.Within());
    }

    [Fact]
    public async Task Two_cannot_wait_for_one_subscription()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        var wait = subscription.WaitToReadAsync(Token).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await subscription.WaitToReadAsync(Token));
        broadcaster.Publish(1);
        Assert.True(await wait.Within());
    }

    [Fact]
    public async Task Asking_a_wait_for_its_result_too_early_leaves_it_alone()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        var wait = subscription.WaitToReadAsync(Token);
        Assert.Throws<InvalidOperationException>(() => wait.GetAwaiter().GetResult());
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await subscription.WaitToReadAsync(Token));
        broadcaster.Publish(1);
        Assert.True(await wait.Within());
    }

    [Fact]
    public void Disposing_a_subscription_ends_it_and_no_other()
    {
        using var broadcaster = new Broadcaster<int>();
        using var first = broadcaster.Subscribe();
        using var second = broadcaster.Subscribe();
        using var third = broadcaster.Subscribe();
        first.Dispose();
        first.Dispose();
        broadcaster.Publish(1);
        Assert.Equal(2, broadcaster.SubscriberCount);
        Assert.Empty(first.TakeAll());
        Assert.Equal([1], second.TakeAll());
        Assert.Equal([1], third.TakeAll());
        third.Dispose();
        second.Dispose();
        Assert.Equal(0, broadcaster.SubscriberCount);
    }

    [Fact]
    public async Task Disposing_a_subscription_tells_who_waits_for_it()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        var wait = subscription.WaitToReadAsync(Token).AsTask();
        subscription.Dispose();
        Assert.False(await wait.Within());
        Assert.False(await subscription.WaitToReadAsync(Token));
    }

    [Fact]
    public void Disposing_a_subscription_drops_what_it_held()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        broadcaster.Publish(1);
        subscription.Dispose();
        Assert.Empty(subscription.TakeAll());
        Assert.Equal(0, subscription.DroppedCount);
    }

    [Fact]
    public async Task Disposing_the_broadcaster_lets_each_read_what_it_holds()
    {
        using var broadcaster = new Broadcaster<int>();
        using var holding = broadcaster.Subscribe();
        broadcaster.Publish(1);
        using var waiting = broadcaster.Subscribe();
        var wait = waiting.WaitToReadAsync(Token).AsTask();
        broadcaster.Dispose();
        Assert.False(await wait.Within());
        Assert.True(await holding.WaitToReadAsync(Token));
        Assert.Equal([1], holding.TakeAll());
        Assert.False(await holding.WaitToReadAsync(Token));
        Assert.Equal(0, broadcaster.SubscriberCount);
        Assert.False(holding.Disconnected.IsCancellationRequested);
    }

    [Fact]
    public void A_disposed_broadcaster_takes_neither_items_nor_subscribers()
    {
        var broadcaster = new Broadcaster<int>();
        broadcaster.Dispose();
        broadcaster.Dispose();
        Assert.Throws<ObjectDisposedException>(() => broadcaster.Publish(1));
        Assert.Throws<ObjectDisposedException>(() => broadcaster.Subscribe());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_queue_for_nothing_is_refused_by_name_and_value(int capacity)
    {
        using var broadcaster = new Broadcaster<int>();
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => broadcaster.Subscribe(capacity));
        Assert.Equal(("capacity", (object)capacity), (exception.ParamName, exception.ActualValue));
    }

    [Fact]
    public void A_policy_that_is_none_is_refused_by_name_and_value()
    {
        using var broadcaster = new Broadcaster<int>();
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => broadcaster.Subscribe(1, (SlowConsumerPolicy)7));
        Assert.Equal(("policy", (object)(SlowConsumerPolicy)7), (exception.ParamName, exception.ActualValue));
    }

    private static async Task<List<int>> ReadAll(Subscription<int> subscription)
    {
        List<int> items = [];
        await foreach (var item in subscription.ReadAllAsync(Token))
        {
            items.Add(item);
        }

        return items;
    }
}
