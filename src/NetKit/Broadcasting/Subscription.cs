using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace NetKit;

/// <summary>Holds what was published for one subscriber, until it reads it.</summary>
/// <remarks>
/// One reader: <see cref="TryRead"/>, <see cref="WaitToReadAsync"/> and <see cref="ReadAllAsync"/> are for one caller at a time. All
/// else is thread-safe.
/// </remarks>
/// <typeparam name="T">What is published.</typeparam>
public sealed class Subscription<T> : IDisposable
{
    // Guards what follows. Held for a few instructions, never while code of a subscriber runs.
    // Invariants: who waits has an empty queue and is not at the end, so an offer that finds the queue full finds nobody
    // waiting; and an item that was offered is read, in the queue, or counted as dropped, and only one of these.
    private readonly Lock _lock = new();
    private readonly Broadcaster<T> _broadcaster;
    private readonly SlowConsumerPolicy _policy;
    private ItemQueue<T> _queue;
    private SubscriberWait? _wait; // made by the first that waits
    private CancellationTokenSource? _disconnection; // made by the first that asks for its token
    private long _dropped;
    private bool _isWaiting; // whoever sets it back ends the wait, alone
    private SubscriptionEnd _end;

    internal Subscription(Broadcaster<T> broadcaster, int capacity, SlowConsumerPolicy policy)
    {
        _broadcaster = broadcaster;
        _policy = policy;
        _queue = new ItemQueue<T>(capacity);
    }

    /// <summary>Where the broadcaster has it; -1 when nowhere. The broadcaster's own.</summary>
    internal int Index { get; set; } = -1;

    /// <summary>The next that one publication woke. Of whoever took its wait.</summary>
    internal Subscription<T>? NextWoken { get; set; }

    /// <summary>Gives how many items wait to be read.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _queue.Count;
            }
        }
    }

    /// <summary>Gives how many items were published for this subscriber that it will never read, because it was too slow.</summary>
    public long DroppedCount
    {
        get
        {
            lock (_lock)
            {
                return _dropped;
            }
        }
    }

    /// <summary>Gives a token that is cancelled when the subscription is ended because its subscriber was too slow.</summary>
    /// <remarks>
    /// For what keeps the subscriber from reading: a write that a dead peer does not take. Other ends do not cancel it. Callbacks on it
    /// run in the thread pool, and no publisher waits for them; one that throws is logged, and the others run all the same. Who has
    /// to know that a callback is over disposes its registration, which waits for it.
    /// </remarks>
    public CancellationToken Disconnected
    {
        get
        {
            lock (_lock)
            {
                return _end == SubscriptionEnd.Disconnected && _disconnection is null
                    ? new CancellationToken(canceled: true)
                    : (_disconnection ??= new CancellationTokenSource()).Token;
            }
        }
    }

    /// <summary>Takes the next item, if there is one.</summary>
    /// <param name="item">The item; the default value when false is returned.</param>
    /// <returns>Whether there was an item. False tells nothing about the end: <see cref="WaitToReadAsync"/> does.</returns>
    public bool TryRead([MaybeNullWhen(false)] out T item)
    {
        lock (_lock)
        {
            if (_queue.Count == 0)
            {
                item = default;
                return false;
            }

            item = _queue.Dequeue();
            return true;
        }
    }

    /// <summary>Waits until there is an item, or the end.</summary>
    /// <param name="cancellationToken">Ends the wait. Nothing is lost by that.</param>
    /// <returns>True when an item can be read; false at the end: the broadcaster or the subscription was disposed and all was read.</returns>
    /// <exception cref="SlowConsumerException">The subscription was ended because its subscriber did not keep up.</exception>
    /// <exception cref="InvalidOperationException">Somebody waits already.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<bool>(cancellationToken);
        }

        lock (_lock)
        {
            if (_queue.Count > 0)
            {
                return new ValueTask<bool>(true);
            }

            if (_end != SubscriptionEnd.NotYet)
            {
                return _end == SubscriptionEnd.Disconnected
                    ? ValueTask.FromException<bool>(new SlowConsumerException(_queue.Capacity))
                    : new ValueTask<bool>(false);
            }

            _wait ??= new SubscriberWait();
            if (_wait.IsInUse)
            {
                throw new InvalidOperationException("Somebody waits for this subscription already. It has one reader.");
            }

            var promise = _wait.Begin();
            _isWaiting = true;
            if (cancellationToken.CanBeCanceled)
            {
                // Runs at once, within this lock, when the token was cancelled meanwhile.
                _wait.EndOn(static (state, token) => ((Subscription<T>)state!).CancelWait(token), this, cancellationToken);
            }

            return promise;
        }
    }

    /// <summary>Reads each item as it comes, until the end.</summary>
    /// <param name="cancellationToken">Ends the reading. Nothing is lost by that.</param>
    /// <returns>The items. They end when the broadcaster or the subscription is disposed.</returns>
    /// <exception cref="SlowConsumerException">The subscription was ended because its subscriber did not keep up.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async IAsyncEnumerable<T> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (TryRead(out var item))
            {
                yield return item;
            }
        }
    }

    /// <summary>Ends the subscription and drops what it holds. Who waits for an item learns the end.</summary>
    public void Dispose()
    {
        _broadcaster.Remove(this);
        if (End(SubscriptionEnd.Disposed))
        {
            Wake(hasItems: false);
        }
    }

    /// <summary>Puts an item into the queue, or does with it what the policy says.</summary>
    internal OfferResult Offer(T item)
    {
        lock (_lock)
        {
            if (_end != SubscriptionEnd.NotYet)
            {
                return OfferResult.Nothing;
            }

            if (_queue.TryEnqueue(item))
            {
                return TakeWait() ? OfferResult.Wakes : OfferResult.Nothing;
            }

            Debug.Assert(!_isWaiting);
            switch (_policy)
            {
                case SlowConsumerPolicy.DropNewest:
                    _dropped++;
                    Tallies.NewestItemsDropped.Increment();
                    return OfferResult.Nothing;
                case SlowConsumerPolicy.DropOldest:
                    _queue.Dequeue();
                    _queue.TryEnqueue(item);
                    _dropped++;
                    Tallies.OldestItemsDropped.Increment();
                    return OfferResult.Nothing;
                default:
                    var dropped = _queue.Count + 1;
                    _queue.Clear();
                    _dropped += dropped;
                    _end = SubscriptionEnd.Disconnected;
                    Tallies.DisconnectedSubscribers.Increment();
                    Tallies.ItemsOfDisconnected.Add(dropped);
                    return OfferResult.Disconnects;
            }
        }
    }

    /// <summary>Ends the subscription after what it holds. The caller wakes who waits, when this says so.</summary>
    internal bool Complete() => End(SubscriptionEnd.Completed);

    /// <summary>Ends the wait that the caller took.</summary>
    internal void Wake(bool hasItems) => _wait!.Keep(hasItems);

    /// <summary>Cancels <see cref="Disconnected"/>, on other threads.</summary>
    internal void TellDisconnected()
    {
        CancellationTokenSource? disconnection;
        lock (_lock)
        {
            disconnection = _disconnection;
        }

        if (disconnection is not null)
        {
            // Not waited for: a callback may take its time, and is its subscriber's, as is the wait for it.
            _ = TellAsync(disconnection);
        }
    }

    private async Task TellAsync(CancellationTokenSource disconnection)
    {
        try
        {
            await disconnection.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException exception)
        {
            Log.DisconnectedCallbackFailed(_broadcaster.Logger, exception);
        }
    }

    private bool End(SubscriptionEnd end)
    {
        lock (_lock)
        {
            if (end == SubscriptionEnd.Disposed)
            {
                _queue.Clear();
            }

            if (_end == SubscriptionEnd.NotYet)
            {
                _end = end;
            }

            return TakeWait();
        }
    }

    private bool TakeWait()
    {
        var waited = _isWaiting;
        _isWaiting = false;
        return waited;
    }

    private void CancelWait(CancellationToken token)
    {
        bool waited;
        lock (_lock)
        {
            waited = TakeWait();
        }

        if (waited)
        {
            _wait!.Cancel(token);
        }
    }
}
