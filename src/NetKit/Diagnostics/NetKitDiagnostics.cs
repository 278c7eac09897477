namespace NetKit;

/// <summary>Names what NetKit reports to metrics and tracing tools.</summary>
public static class NetKitDiagnostics
{
    /// <summary>Names the meter of every NetKit instrument.</summary>
    public const string MeterName = "NetKit";

    /// <summary>Names the source of every NetKit span.</summary>
    /// <remarks>A dial is a span "dial", with a child "dns" for the name resolution and, for each attempt, "connect" and "tls".</remarks>
    public const string ActivitySourceName = "NetKit";
}
