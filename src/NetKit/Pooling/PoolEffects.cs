namespace NetKit;

/// <summary>What an event in <see cref="PoolCore"/> asks to be done, once the pool's lock is released. A mutable struct: pass it by reference.</summary>
internal struct PoolEffects
{
    private PoolWaiter? _lastSettled;

    /// <summary>The waiters to tell how they fared, in the order in which they were settled.</summary>
    public PoolWaiter? Settled { get; private set; }

    /// <summary>The warm-ups to tell how they fared.</summary>
    public PoolWarmUp? SettledWarmUps { get; private set; }

    /// <summary>The connections to close; each is reported back by <see cref="PoolCore.Closed"/>.</summary>
    public PoolEntry? Closing { get; private set; }

    /// <summary>The dials to start; each is reported back once.</summary>
    public PoolDial? Started { get; private set; }

    /// <summary>The dials to cancel; each is reported back as ever.</summary>
    public PoolDial? Cancelled { get; private set; }

    /// <summary>Whether the timer must ring earlier: see <see cref="PoolCore.TimerAt"/>.</summary>
    public bool SetsTimer { get; set; }

    /// <summary>Whether there is more to do than one stay under the lock allows: call <see cref="PoolCore.Continue"/>.</summary>
    public bool HasMore { get; set; }

    /// <summary>Whether a disposed pool has nothing left.</summary>
    public bool IsDrained { get; set; }

    public void Settle(PoolWaiter waiter)
    {
        if (_lastSettled is null)
        {
            Settled = waiter;
        }
        else
        {
            _lastSettled.NextSettled = waiter;
        }

        _lastSettled = waiter;
    }

    public void Settle(PoolWarmUp warmUp)
    {
        warmUp.NextSettled = SettledWarmUps;
        SettledWarmUps = warmUp;
    }

    public void Close(PoolEntry entry)
    {
        entry.NextClosing = Closing;
        Closing = entry;
    }

    /// <summary>Leaves the closing of one connection to the caller; false when it is not to be closed.</summary>
    public bool TakeClosing(PoolEntry entry)
    {
        PoolEntry? before = null;
        for (var closing = Closing; closing is not null; before = closing, closing = closing.NextClosing)
        {
            if (closing != entry)
            {
                continue;
            }

            if (before is null)
            {
                Closing = entry.NextClosing;
            }
            else
            {
                before.NextClosing = entry.NextClosing;
            }

            return true;
        }

        return false;
    }

    public void Start(PoolDial dial)
    {
        dial.NextStarted = Started;
        Started = dial;
    }

    public void Cancel(PoolDial dial)
    {
        dial.NextCancelled = Cancelled;
        Cancelled = dial;
    }
}
