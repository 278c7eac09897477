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
        "netkit.server.rejected_connections", "{connection}", "Clients that were turned away at the connection limit."));

    private static readonly Counter<long>? s_acceptErrors = Create(static () => s_meter.CreateCounter<long>(
        "netkit.server.accept_errors", "{error}", "Accepts that failed on this side, mostly for want of descriptors."));

    private static readonly Counter<long>? s_retries = Create(static () => s_meter.CreateCounter<long>(
        "netkit.dialer.retries", "{retry}", "Rounds of dialing that followed a failed one, by the error of that."));

    private static readonly Counter<long>? s_circuitChanges = Create(static () => s_meter.CreateCounter<long>(
        "netkit.dialer.circuit_changes", "{change}", "Changes of a circuit breaker's state, by the state it is in since."));

    private static readonly Counter<long>? s_circuitRejections = Create(static () => s_meter.CreateCounter<long>(
        "netkit.dialer.circuit_rejections", "{dial}", "Dials that failed at once because a circuit was open."));

    public static void ConnectionBegan()
    {
        Add(s_accepted, 1);
        Add(s_active, 1);
    }

    public static void ConnectionEnded() => Add(s_active, -1);

    public static void ConnectionRejected() => Add(s_rejected, 1);

    public static void AcceptFailed() => Add(s_acceptErrors, 1);

    public static void DialRetried(ConnectionError error)
    {
        if (s_retries is { Enabled: true })
        {
            Add(s_retries, 1, "error.type", error.ToString());
        }
    }

    public static void CircuitChanged(string state) => Add(s_circuitChanges, 1, "netkit.circuit.state", state);

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

    private static void Add(Instrument<long>? instrument, long value, string? tag = null, string? tagValue = null)
    {
        if (instrument is not { Enabled: true })
        {
            return;
        }

        try
        {
            switch (instrument)
            {
                case Counter<long> counter when tag is not null:
                    counter.Add(value, new KeyValuePair<string, object?>(tag, tagValue));
                    break;
                case Counter<long> counter:
                    counter.Add(value);
                    break;
                case UpDownCounter<long> counter:
                    counter.Add(value);
                    break;
            }
        }
        catch (Exception)
        {
            // The listener's own failure. There is nobody to tell.
        }
    }
}
