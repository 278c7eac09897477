namespace NetKit.Benchmarks;

/// <summary>A proxy that takes part, and how it is started.</summary>
internal sealed record ProxyKind(string Name, Func<string, string, string[]> Command)
{
    private static readonly Func<string, string, string[]> s_haProxy = static (_, _) => ["haproxy", "-db", "-q", "-f", Path.Combine(AppContext.BaseDirectory, "haproxy.cfg")];

    public static readonly ProxyKind HaProxy = new("HAProxy", s_haProxy);

    public static readonly ProxyKind HaProxyLarge = new("HAProxy, 128 KB buffers", s_haProxy) { BufferSize = 131072 };

    public static readonly ProxyKind NetKit = new("NetKit", static (port, backend) =>
    [
        Path.Combine(ResultTable.BenchmarksFolder, "..", "samples", "TcpProxy", "bin", "Release", "net10.0", "TcpProxy"),
        "--listen", $"127.0.0.1:{port}", "--backend", $"127.0.0.1:{backend}",
    ]);

    public static readonly ProxyKind[] All = [HaProxy, HaProxyLarge, NetKit];

    /// <summary>What HAProxy is told; its default is the first.</summary>
    public int BufferSize { get; init; } = 16384;
}
