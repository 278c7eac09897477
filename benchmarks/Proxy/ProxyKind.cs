namespace NetKit.Benchmarks;

/// <summary>A proxy that takes part, and how it is started.</summary>
internal sealed record ProxyKind(string Name, Func<string, string, string[]> Command)
{
    public static readonly ProxyKind HaProxy = new("HAProxy", static (_, _) => ["haproxy", "-db", "-q", "-f", Path.Combine(AppContext.BaseDirectory, "haproxy.cfg")]);

    public static readonly ProxyKind NetKit = new("NetKit", static (port, backend) =>
    [
        Path.Combine(ResultTable.BenchmarksFolder, "..", "samples", "TcpProxy", "bin", "Release", "net10.0", "TcpProxy"),
        "--listen", $"127.0.0.1:{port}", "--backend", $"127.0.0.1:{backend}",
    ]);

    public static readonly ProxyKind[] All = [HaProxy, NetKit];
}
