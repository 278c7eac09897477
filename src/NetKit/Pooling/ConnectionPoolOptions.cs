namespace NetKit;

/// <summary>Sets the limits of a connection pool.</summary>
/// <remarks>Plain values, read and checked when a pool is made.</remarks>
public sealed class ConnectionPoolOptions
{
    internal static ConnectionPoolOptions Default { get; } = new();

    /// <summary>Limits how many connections there are at once: idle, in use, being opened and being closed. Default: 32. At least 1.</summary>
    public int MaxConnections { get; set; } = 32;

    /// <summary>Keeps this many connections open and idle, ready for use. Default: 0. At most <see cref="MaxConnections"/>.</summary>
    /// <remarks>
    /// Opened in the background as soon as the pool exists, and again when some are taken or closed; never beyond <see cref="MaxConnections"/>.
    /// That the peer has ended one is noticed when it is about to be lent, not before.
    /// </remarks>
    public int MinIdle { get; set; }

    /// <summary>Limits how many callers wait for a connection; one more fails at once. Default: 10,000. At least 1.</summary>
    public int MaxWaiters { get; set; } = 10_000;

    /// <summary>Limits how many connections are being opened at once. Default: 4. At least 1.</summary>
    public int MaxConcurrentDials { get; set; } = 4;

    /// <summary>Sets how long a caller waits for a connection. Default: 15 seconds. More than zero, or <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan AcquireTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Sets how long a connection beyond <see cref="MinIdle"/> is kept while nobody uses it. Default: one minute. Zero: it is not kept. <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Sets how old a connection may be to be handed out once more. Default: <see cref="Timeout.InfiniteTimeSpan"/>, any age. Zero: it serves once.</summary>
    /// <remarks>A lease is never cut short: a connection that grows too old in use is closed when it comes back.</remarks>
    public TimeSpan ConnectionLifetime { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>Shortens each connection's lifetime by a random part of up to this, drawn once, so that those opened together do not end together. Default: 0.1. From 0 to 1.</summary>
    public double LifetimeJitter { get; set; } = 0.1;

    /// <summary>Asks over the wire whether an idle connection is good, before it is handed out. Default (null): nobody is asked.</summary>
    /// <remarks>
    /// Called for connections that were idle for <see cref="ProbeAfterIdle"/> and showed no end by themselves. False or an
    /// exception closes the connection, and another is tried. The token ends when the caller's time is over, or the caller gives up; then
    /// the check is not waited for. Deadlines and timeouts that it sets are taken back; what it leaves unread closes the connection.
    /// </remarks>
    public Func<Connection, CancellationToken, ValueTask<bool>>? Validate { get; set; }

    /// <summary>Sets how long a connection must have been idle for the system to be asked, without waiting, whether the peer has ended it. Default: one second. Zero: always. <see cref="Timeout.InfiniteTimeSpan"/>: never.</summary>
    public TimeSpan ProbeAfterIdle { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Sets how long leases have to end when the pool is disposed; what is left then is reset. Default: 10 seconds. Zero: reset at once.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Records the stack of every acquire, to be logged if its lease is dropped. Default: false; it costs microseconds and kilobytes a lease.</summary>
    public bool TraceLeaks { get; set; }

    /// <summary>Copies and checks the values, so that later changes by the user have no effect.</summary>
    internal ConnectionPoolOptions Validated()
    {
        Check(MaxConnections >= 1, nameof(MaxConnections), MaxConnections, "at least 1");
        Check(MinIdle >= 0 && MinIdle <= MaxConnections, nameof(MinIdle), MinIdle, $"from 0 to MaxConnections ({MaxConnections})");
        Check(MaxWaiters >= 1, nameof(MaxWaiters), MaxWaiters, "at least 1");
        Check(MaxConcurrentDials >= 1, nameof(MaxConcurrentDials), MaxConcurrentDials, "at least 1");
        Check(AcquireTimeout > TimeSpan.Zero || IsInfinite(AcquireTimeout), nameof(AcquireTimeout), AcquireTimeout, "more than zero, or infinite");
        CheckDuration(nameof(IdleTimeout), IdleTimeout);
        CheckDuration(nameof(ConnectionLifetime), ConnectionLifetime);
        CheckDuration(nameof(ProbeAfterIdle), ProbeAfterIdle);
        Check(DrainTimeout >= TimeSpan.Zero && DrainTimeout <= TimeSpan.FromDays(1), nameof(DrainTimeout), DrainTimeout, "from zero to a day");
        Check(LifetimeJitter is >= 0 and <= 1, nameof(LifetimeJitter), LifetimeJitter, "from 0 to 1");
        Check(MinIdle == 0 || ConnectionLifetime != TimeSpan.Zero, nameof(MinIdle), MinIdle, "0 where ConnectionLifetime is zero: no connection stays idle");
        return (ConnectionPoolOptions)MemberwiseClone();
    }

    private static bool IsInfinite(TimeSpan timeout) => timeout == Timeout.InfiniteTimeSpan;

    private static void CheckDuration(string property, TimeSpan value) =>
        Check(value >= TimeSpan.Zero || IsInfinite(value), property, value, "zero or more, or infinite");

    private static void Check(bool valid, string property, object? value, string allowed)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(property, value, $"{nameof(ConnectionPoolOptions)}.{property} must be {allowed}.");
        }
    }
}
