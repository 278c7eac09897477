namespace NetKit.Tests.Pooling.Core;

/// <summary>Says what a pool must do, in the plainest way: lists, searched from end to end.</summary>
/// <remarks>When dials start it leaves open within bounds; who gets which connection, and which are closed when, it knows exactly.</remarks>
internal sealed class NaivePool(ConnectionPoolOptions options)
{
    private readonly long _idleTimeout = options.IdleTimeout == Timeout.InfiniteTimeSpan ? long.MaxValue / 4 : options.IdleTimeout.Ticks;

    public List<PoolEntry> Idle { get; } = [];

    public List<PoolWaiter> Waiting { get; } = [];

    public List<PoolEntry> Current { get; } = []; // of this generation

    public HashSet<PoolEntry> ExpectedCloses { get; } = [];

    public List<(PoolWaiter Waiter, PoolEntry? Entry)> ExpectedSettles { get; } = [];

    public bool IsDisposed { get; private set; }

    public PoolEntry? Rent(long now)
    {
        while (Idle.Count > 0)
        {
            var last = Idle[^1];
            Idle.RemoveAt(Idle.Count - 1);
            if (last.ExpiresAt > now)
            {
                return last;
            }

            ExpectedCloses.Add(last);
        }

        return null;
    }

    /// <summary>Whoever came first stands in front, which is whose time is over first: it is the same for all.</summary>
    public void Wait(PoolWaiter waiter) => Waiting.Insert(Waiting.TakeWhile(other => other.Deadline <= waiter.Deadline).Count(), waiter);

    public void Offer(PoolEntry entry, long now, bool isFresh)
    {
        var isStale = IsDisposed || !Current.Contains(entry) || (!isFresh && entry.ExpiresAt <= now);
        if (!isStale)
        {
            while (Waiting.Count > 0)
            {
                var first = Waiting[0];
                Waiting.RemoveAt(0);
                if (first.Deadline > now)
                {
                    ExpectedSettles.Add((first, entry));
                    return;
                }

                ExpectedSettles.Add((first, null));
            }
        }

        if (isStale || entry.ExpiresAt <= now || (_idleTimeout == 0 && Idle.Count >= options.MinIdle))
        {
            ExpectedCloses.Add(entry);
        }
        else
        {
            Idle.Add(entry);
        }
    }

    public void Tick(long now)
    {
        foreach (var late in Waiting.Where(waiter => waiter.Deadline <= now).ToArray())
        {
            Waiting.Remove(late);
            ExpectedSettles.Add((late, null));
        }

        foreach (var old in Idle.Where(entry => entry.ExpiresAt <= now).ToArray())
        {
            Idle.Remove(old);
            ExpectedCloses.Add(old);
        }

        while (Idle.Count > options.MinIdle && Idle[options.MinIdle].IdleSince + _idleTimeout <= now)
        {
            ExpectedCloses.Add(Idle[0]);
            Idle.RemoveAt(0);
        }
    }

    public void Clear()
    {
        ExpectedCloses.UnionWith(Idle);
        Idle.Clear();
        Current.Clear();
    }

    public void Dispose()
    {
        IsDisposed = true;
        Clear();
        ExpectedSettles.AddRange(Waiting.Select(waiter => (waiter, (PoolEntry?)null)));
        Waiting.Clear();
    }
}
