using System.Diagnostics.Metrics;

namespace NetKit;

/// <summary>Every instrument of NetKit, made once. With nobody listening, one costs a test of a field.</summary>
internal static class NetKitMetrics
{
    private static readonly Meter s_meter = new(NetKitDiagnostics.MeterName);

    public static readonly UpDownCounter<long> ActiveConnections = s_meter.CreateUpDownCounter<long>(
        "netkit.server.active_connections", "{connection}", "Connections that a server handles now.");

    public static readonly Counter<long> AcceptedConnections = s_meter.CreateCounter<long>(
        "netkit.server.accepted_connections", "{connection}", "Connections that a server began to handle.");

    public static readonly Counter<long> RejectedConnections = s_meter.CreateCounter<long>(
        "netkit.server.rejected_connections", "{connection}", "Clients that were turned away at the connection limit.");

    public static readonly Counter<long> AcceptErrors = s_meter.CreateCounter<long>(
        "netkit.server.accept_errors", "{error}", "Accepts that failed on this side, mostly for want of descriptors.");
}
