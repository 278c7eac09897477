namespace NetKit;

/// <summary>Names what NetKit reports to metrics and tracing tools.</summary>
public static class NetKitDiagnostics
{
    /// <summary>Names the meter of every NetKit instrument.</summary>
    /// <remarks>
    /// <para>Of servers: <c>netkit.server.active_connections</c>, <c>netkit.server.accepted_connections</c>,
    /// <c>netkit.server.rejected_connections</c> by <c>reason</c> (limit, address, rate: the option that turned the client away),
    /// <c>netkit.server.timed_out_connections</c> by <c>reason</c> (idle_timeout, stalled_write, receive_rate, lifetime),
    /// <c>netkit.server.connection.duration</c> in seconds by <c>outcome</c> (completed, lost, failed, deadline_exceeded, timed_out, stopped, aborted) and
    /// <c>netkit.server.accept_errors</c>. With TLS or PROXY protocol: <c>netkit.server.active_handshakes</c>, and
    /// <c>netkit.server.handshake.duration</c> in seconds by <c>outcome</c> (completed, failed, timeout, aborted, protocol_violation, untrusted, stopped).</para>
    /// <para>Of all connections together: <c>netkit.connection.io</c> in bytes by <c>network.io.direction</c> (receive, transmit), counted while somebody listens,
    /// and <c>netkit.connection.deadlines_exceeded</c> by <c>direction</c> (read, write).</para>
    /// <para>Of dialers: <c>netkit.dialer.duration</c> in seconds by <c>outcome</c>, <c>netkit.dialer.attempts</c> by <c>outcome</c> and <c>family</c>,
    /// <c>netkit.dialer.retries</c> by <c>error.type</c>, <c>netkit.dialer.circuit_changes</c> by <c>netkit.circuit.state</c> and
    /// <c>netkit.dialer.circuit_rejections</c>.</para>
    /// <para>Of pools, all of a process together: <c>netkit.pool.connections</c> by <c>state</c> (idle, leased, dialing), <c>netkit.pool.waiting</c>,
    /// <c>netkit.pool.acquire_wait</c> in seconds, <c>netkit.pool.opened_connections</c>, <c>netkit.pool.closed_connections</c> by <c>reason</c>
    /// (not_returned, poisoned, ended, closed, invalid, idle_timeout, lifetime, cleared, leaked, disposed) and <c>netkit.pool.leaked_leases</c>. An
    /// exchange that fails, and a lease disposed without <see cref="ConnectionLease.Return"/>, count as not_returned.</para>
    /// <para>No instrument is tagged by peer or connection. docs/observability.md in the repository lists them all, with their units.</para>
    /// </remarks>
    public const string MeterName = "NetKit";

    /// <summary>Names the source of NetKit's events and event counters, for <c>dotnet-trace</c> and <c>dotnet-counters</c>.</summary>
    /// <remarks>
    /// Keywords choose among the events: 0x1 servers, 0x2 connections, 0x4 handshakes, 0x8 dials, 0x10 pools. A connection's
    /// ConnectionStart and ConnectionStop carry the same id: one without the other is a handler that has not ended.
    /// </remarks>
    public const string EventSourceName = "NetKit";

    /// <summary>Names the source of every NetKit span.</summary>
    /// <remarks>
    /// A dial is a span "dial", with a child "dns" for the name resolution and, for each attempt, "connect" and "tls". A dial of a pool is
    /// below a span "pool dial", which is nobody's child. A caller that must wait for a connection of a pool has a span "acquire", with a
    /// link to the "pool dial" that brought what it got.
    /// </remarks>
    public const string ActivitySourceName = "NetKit";
}
