namespace NetKit.Samples;

/// <summary>Everything that Prometheus is told: of the proxy, and of the NetKit under it.</summary>
internal static class ProxyMetrics
{
    public static string Of(TcpProxy proxy, InstrumentReadings instruments)
    {
        var text = new PrometheusText();
        text.Begin("tcpproxy_clients_refused_total", "counter", "Clients that were reset because no backend answered.");
        text.Add("", proxy.Clients.Refused);
        EachBackend(text, proxy, "tcpproxy_backend_up", "gauge", "1 while the backend gets clients, 0 while it is put aside.", static backend => backend.Health.IsUp ? 1 : 0);
        EachBackend(text, proxy, "tcpproxy_backend_connections", "gauge", "Connections to the backend now, those being dialed included.", static backend => backend.Connections);
        EachBackend(text, proxy, "tcpproxy_backend_opened_connections_total", "counter", "Connections to the backend so far.", static backend => backend.Opened);
        EachBackend(text, proxy, "tcpproxy_backend_failed_dials_total", "counter", "Dials of the backend that failed.", static backend => backend.FailedDials);
        EachBackend(text, proxy, "tcpproxy_backend_sent_bytes_total", "counter", "Bytes that clients sent to the backend.", static backend => backend.Sent.Total);
        EachBackend(text, proxy, "tcpproxy_backend_received_bytes_total", "counter", "Bytes that the backend sent to clients.", static backend => backend.Received.Total);
        instruments.WriteTo(text);
        return text.ToString();
    }

    private static void EachBackend(PrometheusText text, TcpProxy proxy, string name, string type, string help, Func<Backend, long> value)
    {
        text.Begin(name, type, help);
        foreach (var backend in proxy.Backends)
        {
            text.Add(PrometheusText.Label("backend", backend.Name), value(backend));
        }
    }
}
