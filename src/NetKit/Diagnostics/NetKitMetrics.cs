using System.Diagnostics.Metrics;

namespace NetKit;

/// <summary>Every instrument of NetKit, made once. With nobody listening, one costs a test of a field.</summary>
/// <remarks>What a listener's own callback throws stays with it: measuring a server must not stop it.</remarks>
internal static class NetKitMetrics
{
    private static readonly Meter s_meter = new(NetKitDiagnostics.MeterName);

    private static readonly InstrumentAdvice<double> s_shortTimes = new() { HistogramBucketBoundaries = HistogramBuckets.ShortTimes };
    private static readonly InstrumentAdvice<double> s_longTimes = new() { HistogramBucketBoundaries = HistogramBuckets.LongTimes };
    private static readonly InstrumentAdvice<double> s_waits = new() { HistogramBucketBoundaries = HistogramBuckets.Waits };

    // Gauges are looked at when somebody collects them. Steps up and down, told as they happen, would be off for ever for
    // a listener that comes, goes or comes back while connections live.
    private static readonly ObservableUpDownCounter<long>? s_active = Create(static () => s_meter.CreateObservableUpDownCounter(
        "netkit.server.active_connections", static () => Tallies.ActiveConnections.Count, "{connection}", "Connections that servers handle now."));

    private static readonly Counter<long>? s_accepted = Create(static () => s_meter.CreateCounter<long>(
        "netkit.server.accepted_connections", "{connection}", "Connections that a server began to handle."));

    private static readonly Counter<long>? s_rejected = Create(static () => s_meter.CreateCounter<long>(
        "netkit.server.rejected_connections", "{connection}", "Clients that were turned away, by the limit that did so."));

    private static readonly Counter<long>? s_timedOut = Create(static () => s_meter.CreateCounter<long>(
        "netkit.server.timed_out_connections", "{connection}", "Connections that a server reset because they idled, dawdled or lasted too long, by reason."));

    private static readonly Counter<long>? s_acceptErrors = Create(static () => s_meter.CreateCounter<long>(
        "netkit.server.accept_errors", "{error}", "Accepts that failed on this side, mostly for want of descriptors."));

    private static readonly Histogram<double>? s_connectionDuration = Create(static () => s_meter.CreateHistogram(
        "netkit.server.connection.duration", "s", "How long connections lasted, from their handler's beginning until they were closed, by outcome.", tags: null, s_longTimes));

    private static readonly ObservableUpDownCounter<long>? s_handshakes = Create(static () => s_meter.CreateObservableUpDownCounter(
        "netkit.server.active_handshakes", static () => Tallies.ActiveHandshakes.Count, "{connection}", "Connections that were accepted and have no handler yet: PROXY header and TLS handshake."));

    private static readonly Histogram<double>? s_handshakeDuration = Create(static () => s_meter.CreateHistogram(
        "netkit.server.handshake.duration", "s", "How long connections took from their accept to their handler, or to their end without one, by outcome.", tags: null, s_shortTimes));

    private static readonly ObservableCounter<long>? s_traffic = Create(static () => s_meter.CreateObservableCounter(
        "netkit.connection.io", ObserveTraffic, "By", "Bytes that connections received and sent while somebody listened, records and handshakes of TLS included."));

    private static readonly ObservableCounter<long>? s_deadlines = Create(static () => s_meter.CreateObservableCounter(
        "netkit.connection.deadlines_exceeded", ObserveDeadlines, "{operation}", "Reads and writes of connections that a deadline or timeout ended."));

    private static readonly Histogram<double>? s_dialDuration = Create(static () => s_meter.CreateHistogram(
        "netkit.dialer.duration", "s", "How long dials took, name resolution, all attempts and TLS together.", tags: null, s_shortTimes));

    private static readonly Counter<long>? s_dialAttempts = Create(static () => s_meter.CreateCounter<long>(
        "netkit.dialer.attempts", "{attempt}", "Attempts of dials, each at one address."));

    private static readonly Counter<long>? s_retries = Create(static () => s_meter.CreateCounter<long>(
        "netkit.dialer.retries", "{retry}", "Rounds of dialing that followed a failed one, by the error of that."));

    private static readonly Counter<long>? s_circuitChanges = Create(static () => s_meter.CreateCounter<long>(
        "netkit.dialer.circuit_changes", "{change}", "Changes of a circuit breaker's state, by the state it is in since."));

    private static readonly Counter<long>? s_circuitRejections = Create(static () => s_meter.CreateCounter<long>(
        "netkit.dialer.circuit_rejections", "{dial}", "Dials that failed at once because a circuit was open."));

    private static readonly Counter<long>? s_opened = Create(static () => s_meter.CreateCounter<long>(
        "netkit.pool.opened_connections", "{connection}", "Connections that pools opened."));

    private static readonly Counter<long>? s_closed = Create(static () => s_meter.CreateCounter<long>(
        "netkit.pool.closed_connections", "{connection}", "Connections that pools closed, by reason."));

    private static readonly Counter<long>? s_leaked = Create(static () => s_meter.CreateCounter<long>(
        "netkit.pool.leaked_leases", "{lease}", "Leases that were dropped, neither returned nor disposed, and taken back."));

    private static readonly Histogram<double>? s_acquireWait = Create(static () => s_meter.CreateHistogram(
        "netkit.pool.acquire_wait", "s", "How long callers waited for a connection of a pool; 0 where one was idle.", tags: null, s_waits));

    private static readonly ObservableUpDownCounter<long>? s_pooled = Create(static () => s_meter.CreateObservableUpDownCounter(
        "netkit.pool.connections", PoolGauges.Connections, "{connection}", "Connections that pools have, by state."));

    private static readonly ObservableUpDownCounter<long>? s_waiting = Create(static () => s_meter.CreateObservableUpDownCounter(
        "netkit.pool.waiting", PoolGauges.Waiting, "{caller}", "Callers that wait for a connection of a pool."));

    private static readonly ObservableUpDownCounter<long>? s_subscriptions = Create(static () => s_meter.CreateObservableUpDownCounter(
        "netkit.broadcaster.subscriptions", static () => Tallies.Subscriptions.Count, "{subscription}", "Subscriptions that broadcasters have."));

    private static readonly ObservableCounter<long>? s_disconnected = Create(static () => s_meter.CreateObservableCounter(
        "netkit.broadcaster.disconnected_subscribers", static () => Tallies.DisconnectedSubscribers.Count, "{subscription}", "Subscriptions that were ended because the subscriber was too slow."));

    private static readonly ObservableCounter<long>? s_dropped = Create(static () => s_meter.CreateObservableCounter(
        "netkit.broadcaster.dropped_items", ObserveDropped, "{item}", "Items that a subscriber was too slow for, by policy."));

    /// <summary>Whether anybody listens to how long connections last.</summary>
    public static bool MeasuresConnections => s_connectionDuration is { Enabled: true };

    /// <summary>Whether anybody listens to how many bytes connections move.</summary>
    public static bool MeasuresTraffic => s_traffic is { Enabled: true };

    /// <summary>Whether anybody listens to how long callers wait for a connection.</summary>
    public static bool MeasuresAcquireWait => s_acquireWait is { Enabled: true };

    public static void PoolOpened() => Add(s_opened, 1);

    public static void PoolClosed(string reason) => Add(s_closed, 1, new KeyValuePair<string, object?>("reason", reason));

    public static void LeaseLeaked()
    {
        Tallies.LeakedLeases.Increment();
        Add(s_leaked, 1);
    }

    public static void AcquireWaited(TimeSpan wait)
    {
        if (s_acquireWait is { Enabled: true } histogram)
        {
            Guarded((histogram, wait), static told => told.histogram.Record(told.wait.TotalSeconds));
        }
    }

    public static void ConnectionBegan()
    {
        Tallies.ActiveConnections.Increment();
        Tallies.AcceptedConnections.Increment();
        Add(s_accepted, 1);
    }

    /// <summary>Records how long a connection lasted.</summary>
    /// <param name="seconds">From its handler's beginning on; null where nobody listened then.</param>
    /// <param name="outcome">How it ended.</param>
    public static void ConnectionEnded(double? seconds, string outcome)
    {
        Tallies.ActiveConnections.Decrement();
        if (seconds is { } known)
        {
            Record(s_connectionDuration, known, outcome);
        }
    }

    public static void ConnectionRejected(string reason)
    {
        Tallies.RejectedConnections.Increment();
        Add(s_rejected, 1, new KeyValuePair<string, object?>("reason", reason));
    }

    public static void ConnectionTimedOut(string reason)
    {
        Tallies.TimedOutConnections.Increment();
        Add(s_timedOut, 1, new KeyValuePair<string, object?>("reason", reason));
    }

    public static void HandshakeBegan() => Tallies.ActiveHandshakes.Increment();

    /// <summary>Records how long a connection took to its handler, or to its end without one.</summary>
    /// <param name="seconds">From its accept on.</param>
    /// <param name="outcome">How it ended.</param>
    public static void HandshakeEnded(double seconds, string outcome)
    {
        Tallies.ActiveHandshakes.Decrement();
        Record(s_handshakeDuration, seconds, outcome);
    }

    public static void AcceptFailed()
    {
        Tallies.AcceptErrors.Increment();
        Add(s_acceptErrors, 1);
    }

    /// <summary>Counts an operation that its deadline ended.</summary>
    /// <param name="isRead">Whether it was a read; else it was a write, or the end of writing.</param>
    public static void DeadlineExceeded(bool isRead) => (isRead ? Tallies.ReadDeadlines : Tallies.WriteDeadlines).Increment();

    /// <summary>Counts an attempt of a dial.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="family">What kind of address it was at.</param>
    public static void DialAttemptEnded(string outcome, string family)
    {
        if (s_dialAttempts is { Enabled: true } counter)
        {
            Guarded((counter, outcome, family), static told => told.counter.Add(
                1, new KeyValuePair<string, object?>("outcome", told.outcome), new KeyValuePair<string, object?>("family", told.family)));
        }
    }

    /// <summary>Records how long a dial took.</summary>
    /// <param name="seconds">From its beginning to its end.</param>
    /// <param name="outcome">How it ended.</param>
    public static void DialEnded(double seconds, string outcome)
    {
        Tallies.Dials.Increment();
        if (outcome is "failed" or "timed_out")
        {
            Tallies.FailedDials.Increment();
        }

        Record(s_dialDuration, seconds, outcome);
    }

    public static void DialRetried(ConnectionError error)
    {
        if (s_retries is { Enabled: true })
        {
            Add(s_retries, 1, new KeyValuePair<string, object?>("error.type", error.ToString()));
        }
    }

    public static void CircuitChanged(string state) =>
        Add(s_circuitChanges, 1, new KeyValuePair<string, object?>("netkit.circuit.state", state));

    public static void DialRejectedByCircuit() => Add(s_circuitRejections, 1);

    private static Measurement<long>[] ObserveTraffic() =>
    [
        new(Traffic.Received, new KeyValuePair<string, object?>("network.io.direction", "receive")),
        new(Traffic.Sent, new KeyValuePair<string, object?>("network.io.direction", "transmit")),
    ];

    private static Measurement<long>[] ObserveDeadlines() =>
    [
        new(Tallies.ReadDeadlines.Count, new KeyValuePair<string, object?>("direction", "read")),
        new(Tallies.WriteDeadlines.Count, new KeyValuePair<string, object?>("direction", "write")),
    ];

    private static Measurement<long>[] ObserveDropped() =>
    [
        new(Tallies.ItemsOfDisconnected.Count, new KeyValuePair<string, object?>("policy", "disconnect")),
        new(Tallies.OldestItemsDropped.Count, new KeyValuePair<string, object?>("policy", "drop_oldest")),
        new(Tallies.NewestItemsDropped.Count, new KeyValuePair<string, object?>("policy", "drop_newest")),
    ];

    // A listener hears of an instrument as it is made, and may throw there too. Then there is none.
    private static T? Create<T>(Func<T> create)
        where T : Instrument
    {
        try
        {
            return create();
        }
        catch (Exception)
        {
            return null;
        }
    }

    private static void Add(Counter<long>? counter, long value, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (counter is not { Enabled: true })
        {
            return;
        }

        try
        {
            counter.Add(value, tags);
        }
        catch (Exception)
        {
            // The listener's own failure. There is nobody to tell.
        }
    }

    private static void Record(Histogram<double>? histogram, double seconds, string outcome)
    {
        if (histogram is { Enabled: true })
        {
            Guarded((histogram, seconds, outcome), static told => told.histogram.Record(
                told.seconds, new KeyValuePair<string, object?>("outcome", told.outcome)));
        }
    }

    private static void Guarded<T>(T told, Action<T> tell)
    {
        try
        {
            tell(told);
        }
        catch (Exception)
        {
            // The listener's own failure. There is nobody to tell.
        }
    }
}
