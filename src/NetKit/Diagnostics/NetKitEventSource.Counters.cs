using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Tracing;

namespace NetKit;

// The counters of dotnet-counters: made when somebody first asks, and then looked at once an interval.
internal sealed unsafe partial class NetKitEventSource
{
    private List<DiagnosticCounter>? _counters;

    [SuppressMessage("Reliability", "CA2000", Justification = "Counters live as long as their source, which lives as long as the process.")]
    protected override void OnEventCommand(EventCommandEventArgs command)
    {
        // Called within a lock of the runtime's.
        if (command.Command != EventCommand.Enable || _counters is not null)
        {
            return;
        }

        _counters =
        [
            Gauge("active-connections", "Active connections", static () => Tallies.ActiveConnections.Count),
            Gauge("active-handshakes", "Active handshakes", static () => Tallies.ActiveHandshakes.Count),
            Rate("accepted-connections", "Accepted connections", static () => Tallies.AcceptedConnections.Count),
            Rate("rejected-connections", "Rejected connections", static () => Tallies.RejectedConnections.Count),
            Rate("timed-out-connections", "Timed-out connections", static () => Tallies.TimedOutConnections.Count),
            Rate("accept-errors", "Accept errors", static () => Tallies.AcceptErrors.Count),
            Rate("bytes-received", "Bytes received", static () => Traffic.Received, "B"),
            Rate("bytes-sent", "Bytes sent", static () => Traffic.Sent, "B"),
            Rate("read-deadlines-exceeded", "Read deadlines exceeded", static () => Tallies.ReadDeadlines.Count),
            Rate("write-deadlines-exceeded", "Write deadlines exceeded", static () => Tallies.WriteDeadlines.Count),
            Rate("dials", "Dials", static () => Tallies.Dials.Count),
            Rate("failed-dials", "Failed dials", static () => Tallies.FailedDials.Count),
            Gauge("idle-pool-connections", "Idle connections of pools", static () => PoolGauges.Sum().Idle),
            Gauge("leased-pool-connections", "Leased connections of pools", static () => PoolGauges.Sum().Leased),
            Gauge("waiting-pool-callers", "Callers that wait for a pool", static () => PoolGauges.Sum().Waiting),
            Rate("leaked-leases", "Leaked leases", static () => Tallies.LeakedLeases.Count),
            Gauge("subscriptions", "Subscriptions of broadcasters", static () => Tallies.Subscriptions.Count),
            Rate("disconnected-subscribers", "Subscribers that were too slow", static () => Tallies.DisconnectedSubscribers.Count),
        ];
    }

    [NonEvent]
    private PollingCounter Gauge(string name, string displayName, Func<double> look) => new(name, this, look) { DisplayName = displayName };

    [NonEvent]
    private IncrementingPollingCounter Rate(string name, string displayName, Func<double> look, string unit = "") => new(name, this, look)
    {
        DisplayName = displayName,
        DisplayUnits = unit,
        DisplayRateTimeScale = TimeSpan.FromSeconds(1),
    };
}
