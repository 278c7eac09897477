namespace NetKit;

/// <summary>Where OpenTelemetry's conventions advise that histograms of seconds have their boundaries.</summary>
internal static class HistogramBuckets
{
    /// <summary>Of requests, as of <c>http.server.request.duration</c>: dials, handshakes.</summary>
    public static double[] ShortTimes => [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    /// <summary>Of connections, as of <c>kestrel.connection.duration</c>.</summary>
    public static double[] LongTimes => [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

    /// <summary>Of callers of a pool, as of <c>db.client.connection.wait_time</c>.</summary>
    public static double[] Waits => [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
}
