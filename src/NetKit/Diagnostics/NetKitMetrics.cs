using System.Diagnostics.Metrics;

namespace NetKit;

/// <summary>Every instrument of NetKit, made once. With nobody listening, one costs a test of a field.</summary>
/// <remarks>What a listener's own callback throws stays with it: measuring a server must not stop it.</remarks>
internal static class NetKitMetrics
{
    private static readonly Meter s_meter = new(NetKitDiagnostics.MeterName);

    private static readonly UpDownCounter<long>? s_active = Create(static () => s_meter.CreateUpDownCounter<long>(
        "netkit.server.active_connections", "{connection}", "Connections that a server handles now."));

    private static readonly Counter<long>? s_accepted = Create(static () => s_meter.CreateCounter<long>(
        "netkit.server.accepted_connections", "{connection}", "Connections that a server began to handle."));

    private static readonly Counter<long>? s_rejected = Create(static () => s_meter.CreateCounter<long>(
        "netkit.server.rejected_connections", "{connection}", "Clients that were turned away, by the limit that did so."));

    private static readonly Counter<long>? s_timedOut = Create(static () => s_meter.CreateCounter<long>(
        "netkit.server.timed_out_connections", "{connection}", "Connections that a server reset because they idled, dawdled or lasted too long, by reason."));

    private static readonly Counter<long>? s_acceptErrors = Create(static () => s_meter.CreateCounter<long>(
        "netkit.server.accept_errors", "{error}", "Accepts that failed on this side, mostly for want of descriptors."));

    private static readonly UpDownCounter<long>? s_handshakes = Create(static () => s_meter.CreateUpDownCounter<long>(
        "netkit.server.active_handshakes", "{connection}", "Connections that were accepted and have no handler yet: PROXY header and TLS handshake."));

    private static readonly Histogram<double>? s_handshakeDuration = Create(static () => s_meter.CreateHistogram<double>(
        "netkit.server.handshake.duration", "s", "How long connections took from their accept to their handler, or to their end without one, by outcome."));

    private static readonly Histogram<double>? s_dialDuration = Create(static () => s_meter.CreateHistogram<double>(
        "netkit.dialer.duration", "s", "How long dials took, name resolution, all attempts and TLS together."));

    private static readonly Counter<long>? s_dialAttempts = Create(static () => s_meter.CreateCounter<long>(
        "netkit.dialer.attempts", "{attempt}", "Attempts of dials, each at one address."));

    /// <summary>Tells whether anybody wants to know about dials.</summary>
    public static bool DialsAreMeasured => s_dialDuration is { Enabled: true } || s_dialAttempts is { Enabled: true };

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

    private static readonly Histogram<double>? s_acquireWait = Create(static () => s_meter.CreateHistogram<double>(
        "netkit.pool.acquire_wait", "s", "How long callers waited for a connection of a pool; 0 where one was idle."));

    // Looked at when somebody collects them, so that acquiring and returning pay nothing.
    private static readonly ObservableUpDownCounter<long>? s_pooled = Create(static () => s_meter.CreateObservableUpDownCounter(
        "netkit.pool.connections", PoolGauges.Connections, "{connection}", "Connections that pools have, by state."));

    private static readonly ObservableUpDownCounter<long>? s_waiting = Create(static () => s_meter.CreateObservableUpDownCounter(
        "netkit.pool.waiting", PoolGauges.Waiting, "{caller}", "Callers that wait for a connection of a pool."));

    private static readonly ObservableUpDownCounter<long>? s_subscriptions = Create(static () => s_meter.CreateObservableUpDownCounter(
        "netkit.broadcaster.subscriptions", static () => BroadcastCounts.Subscriptions, "{subscription}", "Subscriptions that broadcasters have."));

    private static readonly ObservableCounter<long>? s_disconnected = Create(static () => s_meter.CreateObservableCounter(
        "netkit.broadcaster.disconnected_subscribers", static () => BroadcastCounts.Disconnected, "{subscription}", "Subscriptions that were ended because the subscriber was too slow."));

    private static readonly ObservableCounter<long>? s_dropped = Create(static () => s_meter.CreateObservableCounter(
        "netkit.broadcaster.dropped_items", BroadcastCounts.Dropped, "{item}", "Items that a subscriber was too slow for, by policy."));

    /// <summary>Whether anybody listens to how long callers wait for a connection.</summary>
    public static bool MeasuresAcquireWait => s_acquireWait is { Enabled: true };

    public static void PoolOpened() => Add(s_opened, 1);

    public static void PoolClosed(string reason) => Add(s_closed, 1, new KeyValuePair<string, object?>("reason", reason));

    public static void LeaseLeaked() => Add(s_leaked, 1);

    public static void AcquireWaited(TimeSpan wait)
    {
        if (s_acquireWait is { Enabled: true } histogram)
        {
            Guarded((histogram, wait), static told => told.histogram.Record(told.wait.TotalSeconds));
        }
    }

    public static void ConnectionBegan()
    {
        Add(s_accepted, 1);
        Add(s_active, 1);
    }

    public static void ConnectionEnded() => Add(s_active, -1);

    public static void ConnectionRejected(string reason) => Add(s_rejected, 1, new KeyValuePair<string, object?>("reason", reason));

    public static void ConnectionTimedOut(string reason) => Add(s_timedOut, 1, new KeyValuePair<string, object?>("reason", reason));

    public static void HandshakeBegan() => Add(s_handshakes, 1);

    /// <summary>Records how long a connection took to its handler, or to its end without one.</summary>
    /// <param name="seconds">From its accept on.</param>
    /// <param name="outcome">How it ended.</param>
    public static void HandshakeEnded(double seconds, string outcome)
    {
        Add(s_handshakes, -1);
        Record(s_handshakeDuration, seconds, outcome);
    }

    public static void AcceptFailed() => Add(s_acceptErrors, 1);

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
    public static void DialEnded(double seconds, string outcome) => Record(s_dialDuration, seconds, outcome);

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

    private static void Add(Instrument<long>? instrument, long value, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (instrument is not { Enabled: true })
        {
            return;
        }

        try
        {
            switch (instrument)
            {
                case Counter<long> counter:
                    counter.Add(value, tags);
                    break;
                case UpDownCounter<long> counter:
                    counter.Add(value, tags);
                    break;
            }
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
