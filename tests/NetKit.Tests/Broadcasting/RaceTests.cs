using System.Collections.Concurrent;

namespace NetKit.Tests.Broadcasting;

/// <summary>Publishers, readers, comers and goers at once: nobody misses an item, sees one twice, or sleeps through one.</summary>
public sealed class RaceTests
{
    private const int Publishers = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task All_see_the_items_of_several_publishers_in_one_order()
    {
        const int items = 3_000;
        using var broadcaster = new Broadcaster<(int Publisher, int Number)>();
        var subscriptions = Enumerable.Range(0, 8).Select(_ => broadcaster.Subscribe(Publishers * items)).ToArray();
        var readers = subscriptions.Select(subscription => Task.Run(() => ReadToTheEnd(subscription), Token)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Waiting.OnThread(() =>
        {
            for (var number = 0; number < items; number++)
            {
                broadcaster.Publish((publisher, number));
            }
        })));
        broadcaster.Dispose();
        var seen = await Task.WhenAll(readers).Within();
        Assert.Equal(Publishers * items, seen[0].Count);
        Assert.All(seen, one => Assert.Equal(seen[0], one));
        foreach (var one in seen[0].GroupBy(static item => item.Publisher))
        {
            Assert.Equal(Enumerable.Range(0, items), one.Select(static item => item.Number));
        }
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(SlowConsumerPolicy.DropOldest)]
    [InlineData(SlowConsumerPolicy.DropNewest)]
    public async Task What_is_not_read_is_counted_as_dropped(SlowConsumerPolicy policy)
    {
        const int items = 20_000;
        using var broadcaster = new Broadcaster<int>();
        var subscriptions = Enumerable.Range(1, 6).Select(capacity => broadcaster.Subscribe(capacity, policy)).ToArray();
        var readers = subscriptions.Select(subscription => Task.Run(() => ReadToTheEnd(subscription), Token)).ToArray();
        await Waiting.OnThread(() =>
        {
            for (var i = 0; i < items; i++)
            {
                broadcaster.Publish(i);
            }
        });
        broadcaster.Dispose();
        var seen = await Task.WhenAll(readers).Within();
        Assert.All(subscriptions.Zip(seen), pair =>
        {
            Assert.Equal(items, pair.Second.Count + pair.First.DroppedCount);
            Assert.True(pair.Second.Zip(pair.Second.Skip(1)).All(static two => two.First < two.Second));
        });
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Comers_and_goers_leave_nothing_behind()
    {
        using var broadcaster = new Broadcaster<int>();
        using var stop = new CancellationTokenSource();
        var publisher = Waiting.OnThread(() =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                broadcaster.Publish(i);
            }
        });
        var failures = new ConcurrentQueue<string>();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(seed => Task.Run(() => ComeAndGo(broadcaster, new Random(seed), failures), Token))).Within();
        stop.Cancel();
        await publisher.Within();
        Assert.Empty(failures);
        Assert.Equal(0, broadcaster.SubscriberCount);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task An_item_and_a_cancellation_at_once_lose_no_item()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        var sum = 0L;
        for (var round = 0; round < 4_000; round++)
        {
            using var cancellation = new CancellationTokenSource();
            var wait = subscription.WaitToReadAsync(cancellation.Token).AsTask();
            var cancel = Task.Run(cancellation.Cancel, Token);
            broadcaster.Publish(1);
            try
            {
                Assert.True(await wait.Within());
            }
            catch (OperationCanceledException)
            {
            }

            await cancel.Within();
            sum += subscription.TakeAll().Count;
        }

        Assert.Equal(4_000, sum);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_subscriber_may_publish_subscribe_and_dispose_where_it_is_woken()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        var reader = Task.Run(
            async () =>
            {
                Assert.True(await subscription.WaitToReadAsync(Token));
                using var another = broadcaster.Subscribe();
                broadcaster.Publish(2);
                subscription.Dispose();
                broadcaster.Dispose();
                return another.TakeAll();
            },
            Token);
        await Waiting.Until(() => broadcaster.SubscriberCount == 1);
        broadcaster.Publish(1);
        Assert.Equal([2], await reader.Within());
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(SlowConsumerPolicy.DropOldest)]
    [InlineData(SlowConsumerPolicy.DropNewest)]
    public async Task What_several_publishers_overflow_is_dropped_from_the_right_end_of_one_order(SlowConsumerPolicy policy)
    {
        const int Items = 2_000;
        const int Capacity = 5;
        using var broadcaster = new Broadcaster<(int Publisher, int Number)>();
        using var all = broadcaster.Subscribe(Publishers * Items);
        using var slow = broadcaster.Subscribe(Capacity, policy);
        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Waiting.OnThread(() =>
        {
            for (var number = 0; number < Items; number++)
            {
                broadcaster.Publish((publisher, number));
            }
        })));
        var seen = all.TakeAll();
        Assert.Equal((Publishers * Items) - Capacity, slow.DroppedCount);
        Assert.Equal(policy == SlowConsumerPolicy.DropOldest ? seen.TakeLast(Capacity) : seen.Take(Capacity), slow.TakeAll());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Who_disposes_within_its_own_read_gets_nothing_more()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        broadcaster.Publish(1);
        broadcaster.Publish(2);
        var seen = new List<int>();
        await foreach (var item in subscription.ReadAllAsync(Token))
        {
            seen.Add(item);
            subscription.Dispose();
        }

        Assert.Equal([1], seen);
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("item")]
    [InlineData("end")]
    [InlineData("disposal")]
    [InlineData("cancellation")]
    public async Task Whoever_wakes_a_reader_runs_none_of_its_code(string by)
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe();
        using var cancellation = new CancellationTokenSource();
        var waker = 0;
        var ranOn = subscription.WaitToReadAsync(cancellation.Token).AsTask().ContinueWith(
            static _ => Environment.CurrentManagedThreadId, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await Waiting.OnThread(() =>
        {
            waker = Environment.CurrentManagedThreadId;
            switch (by)
            {
                case "item":
                    broadcaster.Publish(1);
                    break;
                case "end":
                    broadcaster.Dispose();
                    break;
                case "disposal":
                    subscription.Dispose();
                    break;
                default:
                    cancellation.Cancel();
                    break;
            }
        });
        Assert.NotEqual(waker, await ranOn.Within());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_disposal_and_an_item_at_once_wake_who_waits_exactly_once()
    {
        for (var round = 0; round < 2_000; round++)
        {
            using var broadcaster = new Broadcaster<int>();
            var subscription = broadcaster.Subscribe();
            var wait = subscription.WaitToReadAsync(Token).AsTask();
            var dispose = Task.Run(subscription.Dispose, Token);
            broadcaster.Publish(1);
            await wait.Within();
            await dispose.Within();
            Assert.False(await subscription.WaitToReadAsync(Token));
            Assert.Equal((0, 0), (subscription.Count, broadcaster.SubscriberCount));
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task The_token_of_a_slow_subscriber_is_cancelled_whenever_it_was_asked_for()
    {
        for (var round = 0; round < 2_000; round++)
        {
            using var broadcaster = new Broadcaster<int>();
            using var subscription = broadcaster.Subscribe(capacity: 1);
            broadcaster.Publish(1);
            var asked = Task.Run(() => subscription.Disconnected, Token);
            broadcaster.Publish(2);
            var token = await asked.Within();
            await Waiting.Until(() => token.IsCancellationRequested);
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_callback_of_the_token_holds_up_no_publisher()
    {
        using var broadcaster = new Broadcaster<int>();
        using var subscription = broadcaster.Subscribe(capacity: 1);
        using var published = new ManualResetEventSlim();
        var ran = new TaskCompletionSource<bool>();
        using var registration = subscription.Disconnected.Register(() => ran.SetResult(published.Wait(Eventually.Bound)));
        broadcaster.Publish(1);
        await Waiting.OnThread(() => broadcaster.Publish(2)).Within();
        published.Set();
        Assert.True(await ran.Task.Within());
    }

    private static async Task<List<T>> ReadToTheEnd<T>(Subscription<T> subscription)
    {
        List<T> items = [];
        await foreach (var item in subscription.ReadAllAsync(Token))
        {
            items.Add(item);
        }

        return items;
    }

    private static async Task ComeAndGo(Broadcaster<int> broadcaster, Random random, ConcurrentQueue<string> failures)
    {
        for (var round = 0; round < 300; round++)
        {
            using var subscription = broadcaster.Subscribe(random.Next(1, 20), (SlowConsumerPolicy)random.Next(3));
            var last = -1;
            try
            {
                for (var take = random.Next(10); take > 0; take--)
                {
                    using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(1, 3)));
                    await subscription.WaitToReadAsync(patience.Token);
                    while (subscription.TryRead(out var item))
                    {
                        if (item <= last)
                        {
                            failures.Enqueue($"{item} came after {last}");
                        }

                        last = item;
                    }
                }
            }
            catch (Exception e) when (e is SlowConsumerException or OperationCanceledException)
            {
            }
        }
    }
}
