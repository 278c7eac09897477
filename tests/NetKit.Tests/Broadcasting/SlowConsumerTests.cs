using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Broadcasting;

/// <summary>What becomes of a subscriber that does not keep up.</summary>
public sealed class SlowConsumerTests
{
    // The stable id of "a callback failed", which operators filter by.
    private const int CallbackFailed = 501;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task By_default_it_is_disconnected_when_its_queue_overflows()
    {
        using var broadcaster = new Broadcaster<int>();
        using var slow = broadcaster.Subscribe(capacity: 2);
        using var fast = broadcaster.Subscribe(capacity: 3);
        for (var i = 1; i <= 3; i++)
        {
            broadcaster.Publish(i);
        }

        Assert.Equal(1, broadcaster.SubscriberCount);
        var exception = await Assert.ThrowsAsync<SlowConsumerException>(async () => await slow.WaitToReadAsync(Token));
        Assert.Equal(2, exception.Capacity);
        Assert.Empty(slow.TakeAll());
        Assert.Equal((0, 3L), (slow.Count, slow.DroppedCount));
        Assert.Equal([1, 2, 3], fast.TakeAll());
    }

    [Fact]
    public async Task Disconnecting_cancels_what_keeps_it_from_reading()
    {
        using var broadcaster = new Broadcaster<int>();
        using var slow = broadcaster.Subscribe(capacity: 1);
        var write = Task.Delay(Timeout.Infinite, slow.Disconnected);
        broadcaster.Publish(1);
        Assert.False(slow.Disconnected.IsCancellationRequested);
        broadcaster.Publish(2);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.Within());
    }

    [Fact]
    public void Who_asks_for_the_token_after_the_end_gets_one_that_is_cancelled()
    {
        using var broadcaster = new Broadcaster<int>();
        using var slow = broadcaster.Subscribe(capacity: 1);
        broadcaster.Publish(1);
        broadcaster.Publish(2);
        Assert.True(slow.Disconnected.IsCancellationRequested);
    }

    [Fact]
    public async Task A_callback_on_the_token_that_throws_is_logged_and_fails_nobody_else()
    {
        var logger = new RecordingLogger();
        using var broadcaster = new Broadcaster<int>(logger);
        using var first = broadcaster.Subscribe(capacity: 1);
        using var second = broadcaster.Subscribe(capacity: 1);
        using var fast = broadcaster.Subscribe(capacity: 2);
        var failure = new InvalidOperationException("This callback always ends like this.");
        var told = new TaskCompletionSource();
        using var earlier = first.Disconnected.Register(told.SetResult);
        using var failing = first.Disconnected.Register(() => throw failure);
        var write = Task.Delay(Timeout.Infinite, second.Disconnected);
        broadcaster.Publish(1);
        broadcaster.Publish(2);
        await told.Task.Within();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.Within());
        Assert.Equal([1, 2], fast.TakeAll());
        await Eventually.Equal(1, () => logger.CountOf(CallbackFailed));
        var (level, _, _, logged) = Assert.Single(logger.Entries);
        Assert.Equal(LogLevel.Error, level);
        Assert.Equal([failure], Assert.IsType<AggregateException>(logged).InnerExceptions);
    }

    [Fact]
    public async Task It_stays_disconnected_when_it_is_disposed()
    {
        using var broadcaster = new Broadcaster<int>();
        using var slow = broadcaster.Subscribe(capacity: 1);
        broadcaster.Publish(1);
        broadcaster.Publish(2);
        slow.Dispose();
        broadcaster.Dispose();
        await Assert.ThrowsAsync<SlowConsumerException>(async () => await slow.WaitToReadAsync(Token));
    }

    [Fact]
    public void It_may_lose_the_oldest()
    {
        using var broadcaster = new Broadcaster<int>();
        using var slow = broadcaster.Subscribe(capacity: 3, SlowConsumerPolicy.DropOldest);
        for (var i = 1; i <= 5; i++)
        {
            broadcaster.Publish(i);
        }

        Assert.Equal((3, 2L), (slow.Count, slow.DroppedCount));
        Assert.Equal([3, 4, 5], slow.TakeAll());
    }

    [Fact]
    public void It_may_lose_the_newest()
    {
        using var broadcaster = new Broadcaster<int>();
        using var slow = broadcaster.Subscribe(capacity: 3, SlowConsumerPolicy.DropNewest);
        for (var i = 1; i <= 5; i++)
        {
            broadcaster.Publish(i);
        }

        Assert.Equal((3, 2L), (slow.Count, slow.DroppedCount));
        Assert.Equal([1, 2, 3], slow.TakeAll());
        broadcaster.Publish(6);
        Assert.Equal([6], slow.TakeAll());
    }

    [Fact]
    public void What_a_disconnected_subscriber_held_is_free_at_once()
    {
        using var broadcaster = new Broadcaster<object>();
        using var slow = broadcaster.Subscribe(capacity: 1);
        var held = PublishOne(broadcaster);
        PublishOne(broadcaster);
        GC.Collect();
        Assert.False(held.IsAlive);
    }

    [Fact]
    public void What_was_read_is_not_held()
    {
        using var broadcaster = new Broadcaster<object>();
        using var subscription = broadcaster.Subscribe();
        var held = PublishOne(broadcaster);
        Read(subscription);
        GC.Collect();
        Assert.False(held.IsAlive);
    }

    [Fact]
    public async Task One_that_is_gone_is_not_held_by_those_that_were_woken_with_it()
    {
        using var broadcaster = new Broadcaster<object>();
        using var staying = broadcaster.Subscribe();
        var wait = staying.WaitToReadAsync(Token).AsTask();
        var (gone, waitOfGone) = WakeAndLeave(broadcaster);
        Assert.True(await wait.Within());
        await waitOfGone.Within();
        GC.Collect();
        Assert.False(gone.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference PublishOne(Broadcaster<object> broadcaster)
    {
        var item = new object();
        broadcaster.Publish(item);
        return new WeakReference(item);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Subscription, Task Wait) WakeAndLeave(Broadcaster<object> broadcaster)
    {
        using var subscription = broadcaster.Subscribe();
        var wait = subscription.WaitToReadAsync(Token).AsTask();
        broadcaster.Publish(new object());
        return (new WeakReference(subscription), wait);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Read(Subscription<object> subscription) => Assert.True(subscription.TryRead(out _));
}
