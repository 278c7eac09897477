namespace NetKit;

/// <summary>Names what NetKit reports to metrics and tracing tools.</summary>
public static class NetKitDiagnostics
{
    /// <summary>Names the meter of every NetKit instrument.</summary>
    public const string MeterName = "NetKit";

    /// <summary>Names the source of every NetKit span.</summary>
    public const string ActivitySourceName = "NetKit";
}
