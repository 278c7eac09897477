namespace NetKit.Tests.Schedules;

/// <summary>One pool, and three users who do with it what chance says.</summary>
internal sealed class RandomLife(int seed)
{
    private const int Users = 3;
    private const int Steps = 4;

    private readonly Random _random = new(seed);
    private NetKitPool _pool = null!;
    private int _ended;

    public Action[] Prepare(Schedule schedule)
    {
        var limit = _random.Next(1, 3);
        var failing = _random.Next(4);
        var ledger = new Ledger(limit) { Fails = failing == 0 ? _ => _random.Next(3) == 0 : static _ => false };
        _pool = new NetKitPool(schedule, ledger, new ConnectionPoolOptions
        {
            MaxConnections = limit,
            MinIdle = _random.Next(4) == 0 ? 1 : 0,
            MaxConcurrentDials = _random.Next(1, 3),
            AcquireTimeout = Scenarios.Patience,
            IdleTimeout = Chance(TimeSpan.FromSeconds(5), TimeSpan.Zero, Timeout.InfiniteTimeSpan),
            ConnectionLifetime = Chance(Timeout.InfiniteTimeSpan, TimeSpan.FromSeconds(7), Timeout.InfiniteTimeSpan),
            ProbeAfterIdle = Chance(TimeSpan.FromSeconds(1), TimeSpan.Zero),
            DrainTimeout = TimeSpan.FromDays(1),
        });
        return [.. Enumerable.Range(0, Users).Select(_ => (Action)Use), Dispose];
    }

    public override string ToString() => $"{_pool}, {_ended} users have ended";

    public void Check() => _pool.CheckEmpty();

    private void Use()
    {
        for (var step = 0; step < Steps; step++)
        {
            Do(_random.Next(11));
        }

        _ended++;
    }

    private void Do(int choice)
    {
        switch (choice)
        {
            case 0:
                _pool.Clear();
                break;
            case 1:
                _pool.Advance(TimeSpan.FromSeconds(_random.Next(1, 8)));
                break;
            case 2:
                Cancel();
                break;
            case 3:
                Hold((lease, ledger) => ledger.Disturb(lease.Connection!));
                break;
            case 4:
                Hold((lease, ledger) => ledger.End(lease.Connection!));
                break;
            case 5 when _pool.Acquire() is { } lease:
                Schedule.Point();
                _pool.Discard(lease);
                break;
            default:
                Hold(static (_, _) => { });
                break;
        }
    }

    private void Hold(Action<PoolUnderTest.Asked, Ledger> happening)
    {
        if (_pool.Acquire() is { } lease)
        {
            Schedule.Point();
            happening(lease, _pool.Ledger);
            _pool.Return(lease);
        }
    }

    /// <summary>Asks, and gives up at once, or a little later.</summary>
    private void Cancel()
    {
        using var source = new CancellationTokenSource();
        var asked = _pool.Ask(source.Token);
        for (var wait = _random.Next(4); wait > 0; wait--)
        {
            Schedule.Point();
        }

        source.Cancel();
        Schedule.Until(() => asked.IsAnswered);
        if (asked.TryTake(_pool.Ledger))
        {
            _pool.Return(asked);
        }
    }

    private void Dispose()
    {
        // Mostly at the end; sometimes in the middle of it all.
        var after = _random.Next(3) == 0 ? _random.Next(Users) : Users;
        Schedule.Until(() => _ended >= after);
        _pool.Dispose();
    }

    private TimeSpan Chance(params ReadOnlySpan<TimeSpan> times) => times[_random.Next(times.Length)];
}
