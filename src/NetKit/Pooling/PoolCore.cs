using System.Diagnostics;

namespace NetKit;

/// <summary>Decides everything in a pool: a state machine, events in, effects out.</summary>
/// <remarks>
/// <para>Pure: it knows no sockets, tasks, timers, locks or user code; instants are handed to it. Whoever owns it calls it under
/// one lock, and carries the effects out once the lock is released. So a check and what follows from it are one step: no wake-up
/// can be lost between them.</para>
/// <para>Invariants, after every event: a connection is in one place; idle, leased, closing and being dialed together are the
/// open ones, and never more than the limit (a connection counts until its socket is closed); nobody waits while one is idle; while
/// somebody waits and there is room, a dial runs or has its time set; a waiter is settled once.</para>
/// <para>Waiters are served in the order in which they came, idle connections are used last in, first out.</para>
/// </remarks>
internal sealed partial class PoolCore
{
    /// <summary>How many waiters are settled, or idle connections closed, in one stay under the lock.</summary>
    internal const int Slice = 64;

    private readonly int _maxConnections;
    private readonly int _minIdle;
    private readonly int _maxWaiters;
    private readonly int _maxConcurrentDials;
    private readonly long _idleTimeout; // MaxValue for never, as the lifetime
    private readonly long _lifetime;
    private readonly double _lifetimeJitter;
    private readonly Random _random;
    private readonly DialPace _pace;
    private readonly Func<PoolDial> _makeDial;

    private PoolList _idle; // the oldest first
    private PoolList _leased; // in the order in which they were leased
    private PoolList _dials; // in the order in which they were started
    private PoolList _waiters; // in the order in which they came, which is that of their deadlines
    private PoolList _warmUps;
    private int _closing;
    private int _cancelledDials;
    private int _generation;
    private bool _isDisposed;
    private long _timerAt = long.MaxValue;
    private long _surplusSince = long.MaxValue; // since when more dials run than are needed
    private long _dialed;
    private long _reused; // by connections that are closed
    private long _closed;
    private long _leaked;

    /// <param name="options">The limits, checked.</param>
    /// <param name="random">Where jitter comes from.</param>
    /// <param name="makeDial">Makes the object that stands for a dial.</param>
    public PoolCore(ConnectionPoolOptions options, Random random, Func<PoolDial> makeDial)
    {
        _maxConnections = options.MaxConnections;
        _minIdle = options.MinIdle;
        _maxWaiters = options.MaxWaiters;
        _maxConcurrentDials = options.MaxConcurrentDials;
        _idleTimeout = TicksOf(options.IdleTimeout);
        _lifetime = TicksOf(options.ConnectionLifetime);
        _lifetimeJitter = options.LifetimeJitter;
        _random = random;
        _makeDial = makeDial;
        _pace = new DialPace(_maxConcurrentDials, random);
    }

    /// <summary>When <see cref="Tick"/> must be called; <see cref="long.MaxValue"/> while nothing will be due.</summary>
    public long TimerAt
    {
        get => Volatile.Read(ref _timerAt);
        private set => Volatile.Write(ref _timerAt, value);
    }

    /// <summary>What the last dial that failed has failed with; null once one has succeeded.</summary>
    public Exception? DialError { get; private set; }

    /// <summary>Tells the connections of before the last <see cref="Clear"/> from those after.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>Whether a connection may be returned and leased again without asking: that would change nothing here.</summary>
    public bool IsIndifferent => _waiters.Count == 0 && !_isDisposed && _pace.IsProven && _idleTimeout != 0 && _idle.Count >= _minIdle;

    private int Open => _idle.Count + _leased.Count + _dials.Count + _closing;

    /// <summary>Counts what there is now.</summary>
    public ConnectionPoolStatistics GetStatistics() =>
        new(_idle.Count, _leased.Count, _dials.Count, _waiters.Count, _dialed, _reused + ReusesOf(_idle) + ReusesOf(_leased), _closed) { Leaked = _leaked };

    /// <summary>When the longest lease began; null when there is none.</summary>
    public long? OldestLease
    {
        get
        {
            long? oldest = null;
            for (var node = _leased.First; node is not null; node = node.Next)
            {
                oldest = Math.Min(oldest ?? long.MaxValue, ((PoolEntry)node).LeasedAt);
            }

            return oldest;
        }
    }

    /// <summary>Ends the idle connections and the dials now, the leased ones when they come back. Whoever waits goes on waiting.</summary>
    public void Clear(long now, ref PoolEffects effects)
    {
        _generation++;
        CloseIdle(PoolCloseReason.Cleared, ref effects);
        CancelDials(ref effects);
        Plan(now, ref effects);
    }

    /// <summary>Lets nobody in any more, and ends whatever is not leased.</summary>
    public void Dispose(long now, ref PoolEffects effects)
    {
        if (_isDisposed)
        {
            effects.IsDrained = Open == 0;
            return;
        }

        _isDisposed = true;
        CloseIdle(PoolCloseReason.Disposed, ref effects);
        CancelDials(ref effects);
        SettleWarmUps(PoolWaiterState.Disposed, ref effects);
        Continue(now, ref effects);
        TimerAt = long.MaxValue;
        effects.SetsTimer = true;
        effects.IsDrained = Open == 0;
    }

    /// <summary>Ends the leased connections of a disposed pool too. A lease that ends later changes nothing.</summary>
    /// <returns>How many there were.</returns>
    public int Abandon(ref PoolEffects effects)
    {
        Debug.Assert(_isDisposed, "Only a disposed pool takes connections from their users.");
        var count = _leased.Count;
        while (_leased.TakeFirst() is PoolEntry entry)
        {
            BeginClose(entry, PoolCloseReason.Abandoned, ref effects);
        }

        return count;
    }

    /// <summary>A connection that was to be closed is closed.</summary>
    public void Closed(PoolEntry entry, long now, ref PoolEffects effects)
    {
        Debug.Assert(entry.State == PoolEntryState.Closing, "A connection is closed once.");
        entry.State = PoolEntryState.Closed;
        _closing--;
        _closed++;
        Plan(now, ref effects);
        effects.IsDrained = _isDisposed && Open == 0;
    }

    /// <summary>Does what is due. Never early: it looks at the instants itself.</summary>
    public void Tick(long now, ref PoolEffects effects)
    {
        TimerAt = long.MaxValue;
        ExpireWaiters(now, ref effects);
        Reap(now, ref effects);
        Plan(now, ref effects);
        if (!effects.HasMore)
        {
            Arm(NextDue(now), ref effects);
        }
    }

    /// <summary>Goes on where one stay under the lock was not enough.</summary>
    public void Continue(long now, ref PoolEffects effects)
    {
        if (_isDisposed)
        {
            SettleSome(PoolWaiterState.Disposed, ref effects);
        }
        else
        {
            Tick(now, ref effects);
        }
    }

    internal static long TicksOf(TimeSpan timeout) => timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : timeout.Ticks;

    // Half the range away is as good as never, and leaves room to add.
    internal static long After(long now, long ticks) => ticks >= long.MaxValue / 2 ? long.MaxValue : now + ticks;

    private void CloseIdle(PoolCloseReason reason, ref PoolEffects effects)
    {
        while (_idle.TakeFirst() is PoolEntry entry)
        {
            BeginClose(entry, reason, ref effects);
        }
    }

    private static long ReusesOf(in PoolList list)
    {
        var sum = 0L;
        for (var node = list.First; node is not null; node = node.Next)
        {
            sum += Math.Max(0, ((PoolEntry)node).Leases - 1);
        }

        return sum;
    }

    private void BeginClose(PoolEntry entry, PoolCloseReason reason, ref PoolEffects effects)
    {
        _reused += Math.Max(0, entry.Leases - 1);
        entry.State = PoolEntryState.Closing;
        entry.Reason = reason;
        _closing++;
        effects.Close(entry);
    }

    private void Arm(long at, ref PoolEffects effects)
    {
        if (at < TimerAt)
        {
            TimerAt = at;
            effects.SetsTimer = true;
        }
    }
}
