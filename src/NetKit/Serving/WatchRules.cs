namespace NetKit;

/// <summary>How long connections may idle, dawdle and last, and the clock that tells.</summary>
internal sealed class WatchRules
{
    // So many looks in the shortest of the times: what is noticed late is late by two looks at the most, a quarter of it.
    private const int Looks = 8;

    private static readonly TimeSpan s_shortestInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longestInterval = TimeSpan.FromSeconds(5);

    private readonly TimeProvider? _clock;
    private readonly TimeSpan _idle;
    private readonly TimeSpan _lifetime;

    private WatchRules(TimeSpan? idle, TimeSpan? lifetime, MinDataRate? rate, TimeProvider? timeProvider)
    {
        _clock = ReferenceEquals(timeProvider, TimeProvider.System) ? null : timeProvider;
        _idle = idle ?? TimeSpan.MaxValue;
        _lifetime = lifetime ?? TimeSpan.MaxValue;
        Grace = rate?.GracePeriod.Ticks ?? long.MaxValue;
        BytesPerTick = (rate?.BytesPerSecond ?? 0) / TimeSpan.TicksPerSecond;
        var shortest = new TimeSpan(Math.Min(Math.Min(_idle.Ticks, _lifetime.Ticks), Grace));
        Interval = TimeSpan.FromTicks(Math.Clamp(shortest.Ticks / Looks, s_shortestInterval.Ticks, s_longestInterval.Ticks));
    }

    /// <summary>How often to look at each connection.</summary>
    public TimeSpan Interval { get; }

    /// <summary>How long a client may rest before it counts as one that does not send at all, in ticks.</summary>
    public long Grace { get; }

    /// <summary>How fast bytes must come.</summary>
    public double BytesPerTick { get; }

    /// <summary>The clock's time, in ticks.</summary>
    public long Now => MonotonicClock.Recent(_clock);

    /// <summary>When a connection that moves a byte now is idle.</summary>
    public long IdleFromNow => MonotonicClock.After(_clock, _idle.Ticks);

    /// <summary>When a connection that begins now is too old.</summary>
    public long OldFromNow => MonotonicClock.After(_clock, _lifetime.Ticks);

    /// <summary>Makes the rules that the options ask for; null when they ask for none.</summary>
    public static WatchRules? Of(ConnectionServerOptions options, TimeProvider? timeProvider) =>
        options is { IdleTimeout: null, MaxConnectionLifetime: null, MinReceiveRate: null }
            ? null
            : new WatchRules(options.IdleTimeout, options.MaxConnectionLifetime, options.MinReceiveRate, timeProvider);

    /// <summary>Tells whether the clock has come to an instant.</summary>
    public bool HasReached(long instant) => MonotonicClock.HasReached(_clock, instant);
}
