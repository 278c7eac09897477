namespace NetKit.Tests.Pooling.Core;

/// <summary>Drives a <see cref="PoolCore"/> by hand: carries out its effects in lists, and asserts every invariant after every event.</summary>
internal sealed class CoreHarness
{
    private readonly List<Waiter> _settled = [];

    public CoreHarness(ConnectionPoolOptions options, int seed = 1)
    {
        Core = new PoolCore(options.Validated(), new Random(seed), () => new Dial());
        Tick();
    }

    public delegate void CoreEvent(ref PoolEffects effects);

    public PoolCore Core { get; }

    public long Now { get; private set; } = 1_000 * TimeSpan.TicksPerSecond;

    /// <summary>Everybody who ever asked and did not get an idle connection at once.</summary>
    public List<Waiter> Waiters { get; } = [];

    /// <summary>The dials that run, in the order in which they were started.</summary>
    public List<Dial> Dials { get; } = [];

    /// <summary>The connections to be closed, which have not been yet.</summary>
    public List<Entry> Closing { get; } = [];

    public List<Entry> Leased { get; } = [];

    public List<Entry> All { get; } = [];

    public List<WarmUp> WarmUps { get; } = [];

    /// <summary>The dials that the last event started.</summary>
    public int Started { get; private set; }

    /// <summary>The waiters that the last event settled, in order.</summary>
    public IReadOnlyList<Waiter> Settled => _settled;

    /// <summary>The longest that one stay under the lock has been, in waiters and connections.</summary>
    public int LongestStay { get; private set; }

    public bool IsDrained { get; private set; }

    public ConnectionPoolStatistics Statistics => Core.GetStatistics();

    /// <summary>Asks for a connection as the pool does.</summary>
    /// <returns>The connection; null when the waiter, the last of <see cref="Waiters"/>, waits or was turned away.</returns>
    public Entry? Rent(out PoolRent outcome, TimeSpan? patience = null)
    {
        var entry = (Entry?)Core.TryTake(Now);
        outcome = PoolRent.Leased;
        if (entry is null)
        {
            PoolEntry? found = null;
            var waiter = new Waiter { Deadline = patience is { } time ? Now + time.Ticks : long.MaxValue };
            var result = PoolRent.Leased;
            Run((ref PoolEffects effects) =>
            {
                result = Core.Rent(waiter, Now, ref effects, out found);
                if (result == PoolRent.Waiting)
                {
                    Waiters.Add(waiter);
                }
            });
            (outcome, entry) = (result, (Entry?)found);
        }

        if (entry is not null)
        {
            Leased.Add(entry);
        }

        AssertInvariants();
        return entry;
    }

    public Waiter Wait(TimeSpan? patience = null)
    {
        Assert.Null(Rent(out var outcome, patience));
        Assert.Equal(PoolRent.Waiting, outcome);
        return Waiters[^1];
    }

    public void Return(Entry entry)
    {
        Assert.True(Leased.Remove(entry));
        entry.OnReturned(Now);
        if (!Core.TryKeep(entry, Now))
        {
            Run((ref PoolEffects effects) => Core.Return(entry, Now, ref effects));
        }

        AssertInvariants();
    }

    public void Discard(Entry entry, PoolCloseReason reason = PoolCloseReason.NotReturned, bool isDead = false)
    {
        Assert.True(Leased.Remove(entry));
        Run((ref PoolEffects effects) => Core.Discard(entry, reason, isDead, Now, ref effects));
    }

    public Entry DialOk(Dial? dial = null)
    {
        dial ??= Dials[0];
        Assert.True(Dials.Remove(dial));
        var entry = new Entry();
        All.Add(entry);
        Run((ref PoolEffects effects) => Core.DialSucceeded(dial, entry, Now, ref effects));
        return entry;
    }

    public void DialFails(Dial? dial = null, Exception? error = null)
    {
        dial ??= Dials[0];
        Assert.True(Dials.Remove(dial));
        Run((ref PoolEffects effects) => Core.DialFailed(dial, error ?? PoolDialer.Refused(), Now, ref effects));
    }

    public void Closed(Entry? entry = null)
    {
        entry ??= Closing[0];
        Assert.True(Closing.Remove(entry));
        Run((ref PoolEffects effects) => Core.Closed(entry, Now, ref effects));
        Assert.Equal(PoolEntryState.Closed, entry.State);
    }

    public bool Cancel(Waiter waiter)
    {
        var result = false;
        Run((ref PoolEffects effects) =>
        {
            result = Core.Cancel(waiter, Now, ref effects);
            waiter.TimesSettled += result ? 1 : 0;
        });
        return result;
    }

    public WarmUp WarmUpTo(int target)
    {
        var warmUp = new WarmUp { Target = target };
        WarmUps.Add(warmUp);
        Run((ref PoolEffects effects) => Core.WarmUp(warmUp, Now, ref effects));
        return warmUp;
    }

    public void Clear() => Run((ref PoolEffects effects) => Core.Clear(Now, ref effects));

    public void Dispose() => Run((ref PoolEffects effects) => Core.Dispose(Now, ref effects));

    public void Tick() => Run((ref PoolEffects effects) => Core.Tick(Now, ref effects));

    /// <summary>Lets time pass, and rings wherever the core asked for it on the way.</summary>
    public void Advance(TimeSpan time)
    {
        var end = Now + time.Ticks;
        while (Core.TimerAt <= end)
        {
            Now = Math.Max(Now, Core.TimerAt);
            Tick();
        }

        Now = end;
        AssertInvariants();
    }

    /// <summary>Lets time pass without a ring: timers may be late.</summary>
    public void AdvanceSilently(TimeSpan time) => Now += time.Ticks;

    /// <summary>Forgets what the last event has led to.</summary>
    public void Forget()
    {
        Started = 0;
        _settled.Clear();
    }

    public void AssertInvariants()
    {
        if (Core.Violation(Now) is { } violation && !(Core.TimerAt <= Now))
        {
            Assert.Fail(violation);
        }

        var (idle, leased, dialing, _, _, _, closed) = Statistics;
        Assert.Equal(All.Count, idle + leased + Closing.Count + closed);
        Assert.Equal(Dials.Count, dialing);
        foreach (var waiter in _settled)
        {
            Assert.Equal(1, waiter.TimesSettled);
        }
    }

    private void Run(CoreEvent occur)
    {
        var effects = default(PoolEffects);
        occur(ref effects);
        Forget();
        while (true)
        {
            CarryOut(effects);
            if (!effects.HasMore)
            {
                break;
            }

            effects = default;
            Core.Continue(Now, ref effects);
        }

        AssertInvariants();
    }

    private void CarryOut(PoolEffects effects)
    {
        var stay = 0;
        for (var waiter = (Waiter?)effects.Settled; waiter is not null; waiter = (Waiter?)waiter.NextSettled)
        {
            stay++;
            waiter.TimesSettled++;
            _settled.Add(waiter);
            if (waiter.State == PoolWaiterState.Granted)
            {
                Leased.Add((Entry)waiter.Entry!);
            }
        }

        for (var entry = (Entry?)effects.Closing; entry is not null; entry = (Entry?)entry.NextClosing)
        {
            stay++;
            Assert.Equal(0, entry.TimesClosed++);
            Closing.Add(entry);
            Leased.Remove(entry);
        }

        for (var dial = (Dial?)effects.Started; dial is not null; dial = (Dial?)dial.NextStarted)
        {
            Started++;
            Dials.Add(dial);
        }

        IsDrained |= effects.IsDrained;
        LongestStay = Math.Max(LongestStay, stay);
    }

    internal sealed class Entry : PoolEntry
    {
        public int TimesClosed;
    }

    internal sealed class Dial : PoolDial;

    internal sealed class WarmUp : PoolWarmUp;

    internal sealed class Waiter : PoolWaiter
    {
        public int TimesSettled;
    }
}
