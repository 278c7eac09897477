using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Gives each published item to every subscriber, and never waits for one.</summary>
/// <remarks>
/// Thread-safe. Everybody sees the items in one order, also when several threads publish. Each subscription has a bounded
/// queue of its own, so memory is bounded by what all of them can hold, and what becomes of a subscriber whose queue is full is
/// its <see cref="SlowConsumerPolicy"/>. The item itself is shared: encode it once, and do not change it afterwards.
/// </remarks>
/// <typeparam name="T">What is published.</typeparam>
public sealed class Broadcaster<T> : IDisposable
{
    // Guards what follows and the order of the items. Nobody else's code runs under it: who is to be woken is collected, and
    // woken after it was left. A subscription's own lock is taken within it, never around it.
    private readonly Lock _gate = new();
    private readonly List<Subscription<T>> _subscriptions = [];
    private bool _isDisposed;

    /// <summary>Makes a broadcaster that nobody has subscribed to.</summary>
    /// <param name="loggerFactory">Where it is logged that a callback on a <see cref="Subscription{T}.Disconnected"/> failed. Default (null): nowhere.</param>
    public Broadcaster(ILoggerFactory? loggerFactory = null) => Logger = GuardedLogger.Create<Broadcaster<T>>(loggerFactory);

    /// <summary>Gives how many subscriptions there are.</summary>
    public int SubscriberCount
    {
        get
        {
            lock (_gate)
            {
                return _subscriptions.Count;
            }
        }
    }

    /// <summary>Begins a subscription: it gets what is published from now on.</summary>
    /// <param name="capacity">How many items may wait for the subscriber. At least 1. Memory for them is taken as they come.</param>
    /// <param name="policy">What is done when that many wait and another is published.</param>
    /// <returns>The subscription. Dispose it to end it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is less than 1, or the policy is none.</exception>
    /// <exception cref="ObjectDisposedException">The broadcaster was disposed.</exception>
    public Subscription<T> Subscribe(int capacity = 256, SlowConsumerPolicy policy = SlowConsumerPolicy.Disconnect)
    {
        OptionCheck.Require<Subscription<T>>(capacity >= 1, nameof(capacity), capacity, "at least 1");
        OptionCheck.Require<Subscription<T>>(policy is >= SlowConsumerPolicy.Disconnect and <= SlowConsumerPolicy.DropNewest, nameof(policy), policy, "a value that SlowConsumerPolicy names");
        var subscription = new Subscription<T>(this, capacity, policy);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            subscription.Index = _subscriptions.Count;
            _subscriptions.Add(subscription);
            Tallies.Subscriptions.Increment();
        }

        return subscription;
    }

    /// <summary>Gives an item to every subscriber. Never waits for one, and runs no code of theirs.</summary>
    /// <param name="item">The item. All subscribers share it.</param>
    /// <exception cref="ObjectDisposedException">The broadcaster was disposed.</exception>
    public void Publish(T item)
    {
        Subscription<T>? woken = null;
        List<Subscription<T>>? disconnected = null;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);

            // From the end, where the last one takes the place of one that is removed. The first to come is woken first.
            for (var i = _subscriptions.Count - 1; i >= 0; i--)
            {
                var subscription = _subscriptions[i];
                switch (subscription.Offer(item))
                {
                    case OfferResult.Wakes:
                        subscription.NextWoken = woken;
                        woken = subscription;
                        break;
                    case OfferResult.Disconnects:
                        Take(subscription);
                        (disconnected ??= []).Add(subscription);
                        break;
                }
            }
        }

        Wake(woken, hasItems: true);
        disconnected?.ForEach(static subscription => subscription.TellDisconnected());
    }

    /// <summary>Ends every subscription: each subscriber still gets what its queue holds, and then the end.</summary>
    /// <remarks>Does not wait for them. What was published before is delivered; publishing afterwards fails.</remarks>
    public void Dispose()
    {
        Subscription<T>? woken = null;
        lock (_gate)
        {
            _isDisposed = true;
            Tallies.Subscriptions.Add(-_subscriptions.Count);
            for (var i = _subscriptions.Count - 1; i >= 0; i--)
            {
                var subscription = _subscriptions[i];
                subscription.Index = -1;
                if (subscription.Complete())
                {
                    subscription.NextWoken = woken;
                    woken = subscription;
                }
            }

            _subscriptions.Clear();
        }

        Wake(woken, hasItems: false);
    }

    /// <summary>Where the failures of subscribers go.</summary>
    internal ILogger Logger { get; }

    /// <summary>Forgets a subscription; nothing when it is gone already.</summary>
    internal void Remove(Subscription<T> subscription)
    {
        lock (_gate)
        {
            if (subscription.Index < 0)
            {
                return;
            }

            Take(subscription);
        }
    }

    private static void Wake(Subscription<T>? subscription, bool hasItems)
    {
        while (subscription is not null)
        {
            // Woken, it may wait again at once, and stand in another list.
            var next = subscription.NextWoken;
            subscription.NextWoken = null;
            subscription.Wake(hasItems);
            subscription = next;
        }
    }

    private void Take(Subscription<T> subscription)
    {
        var last = _subscriptions[^1];
        _subscriptions[subscription.Index] = last;
        last.Index = subscription.Index;
        _subscriptions.RemoveAt(_subscriptions.Count - 1);
        subscription.Index = -1;
        Tallies.Subscriptions.Decrement();
    }
}
