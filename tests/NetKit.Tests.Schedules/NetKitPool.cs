namespace NetKit.Tests.Schedules;

/// <summary>NetKit's pool, under a schedule.</summary>
internal sealed class NetKitPool : PoolUnderTest
{
    private readonly ScheduleClock _time = new();
    private readonly ConnectionPool _pool;
    private readonly ConnectionPoolOptions _options;

    public NetKitPool(Schedule schedule, Ledger ledger, ConnectionPoolOptions options)
        : base(ledger)
    {
        _options = options;

        // Dials are put off for little more than a second; whoever waits has more patience, and must not need it.
        schedule.LetTimePass = () => _time.AdvanceToNext(TimeSpan.FromSeconds(2));
        _pool = new ConnectionPool(ledger, Ledger.EndPoint, options, null, _time, schedule.Execute, new Random(1));
        schedule.Violation = _pool.Violation;
    }

    public override Asked Ask(CancellationToken cancellationToken = default) => new Acquiring(_pool.AcquireAsync(cancellationToken));

    public override void Return(Asked asked)
    {
        Ledger.Give(asked.Connection!);
        ((Acquiring)asked).Lease.Return();
    }

    public override void Discard(Asked asked)
    {
        Ledger.Give(asked.Connection!);
        var disposing = ((Acquiring)asked).Lease.DisposeAsync();
        Schedule.Until(() => disposing.IsCompleted);
    }

    public override void Clear() => _pool.Clear();

    public override void PassTimeOfWaiters() => _time.Advance(_options.AcquireTimeout, rings: false);

    /// <summary>Lets time pass, and timers ring.</summary>
    public void Advance(TimeSpan time) => _time.Advance(time, rings: true);

    public override void Dispose()
    {
        var disposing = _pool.DisposeAsync();
        Schedule.Until(() => disposing.IsCompleted || IsEmpty);
    }

    public override void CheckEmpty()
    {
        base.CheckEmpty();
        if (!IsEmpty)
        {
            throw new ScheduleViolationException($"something is left: {_pool.GetStatistics()}");
        }
    }

    public override string ToString() =>
        $"{_pool.GetStatistics()}, max {_options.MaxConnections}, min idle {_options.MinIdle}, idle {_options.IdleTimeout}, lifetime {_options.ConnectionLifetime}";

    private bool IsEmpty => _pool.GetStatistics() is { Idle: 0, Leased: 0, Dialing: 0, Waiting: 0 } now && now.Dialed == now.Closed;

    private sealed class Acquiring(ValueTask<ConnectionLease> acquire) : Asked
    {
        public ConnectionLease Lease { get; private set; }

        public override bool IsAnswered => acquire.IsCompleted;

        protected override Connection Fetch()
        {
            Lease = acquire.GetAwaiter().GetResult();
            return Lease.Connection;
        }
    }
}
