namespace NetKit.Benchmarks;

/// <summary>One kind of load on a proxy.</summary>
/// <param name="Key">Names it on the command line.</param>
/// <param name="Title">Describes it.</param>
/// <param name="Work">What the server behind the proxy does.</param>
/// <param name="IsPinned">Whether the proxy has one core, and all else the other; else all have both.</param>
/// <param name="Load">What the generator is told.</param>
internal sealed record ProxyScenario(string Key, string Title, string Work, bool IsPinned, params string[] Load)
{
    private const int BlockSize = 65536;

    private static readonly string[] s_blocks = ["echo", "--connections", "16", "--size", $"{BlockSize}"];

    // A block that came back went through the proxy twice.
    private static readonly Figure s_gigabytesBothWays = new("GB/s", "N2", static slice => 2.0 * BlockSize * slice.Messages / slice.Seconds / 1e9);
    private static readonly Figure s_cpuPerMegabyteBothWays = new("CPU us/MB", "N0", static slice => slice.ServerCpu * 1e12 / (2.0 * BlockSize * slice.Messages));

    public static readonly ProxyScenario[] All =
    [
        new("stream", "One connection, one direction, as fast as it goes", "sink", true, "stream") { Throughput = Figure.Gigabytes, Cost = Figure.CpuPerMegabyte },
        new("both-ways", "64 KB there and back over 16 connections", "echo", true, s_blocks) { Throughput = s_gigabytesBothWays, Cost = s_cpuPerMegabyteBothWays },
        new("both-ways-two-cores", "64 KB there and back over 16 connections", "echo", false, s_blocks) { Throughput = s_gigabytesBothWays, Cost = s_cpuPerMegabyteBothWays },
        new("messages", "64 B there and back over 64 connections", "echo", true, "echo", "--connections", "64") { Throughput = Figure.Messages, Cost = Figure.CpuPerMessage },
        new("connect", "Connect, one echo of 64 B, close; 64 at a time", "echo", true, "connect", "--connections", "64") { Throughput = Figure.Connections, Cost = Figure.CpuPerConnection },
    ];

    public required Figure Throughput { get; init; }

    public required Figure Cost { get; init; }

    public string[] ProxyPlace => IsPinned ? ["taskset", "-c", "0"] : [];

    public string[] LoadPlace => IsPinned ? ["taskset", "-c", "1"] : [];

    public string Threads => IsPinned ? "1" : "2";
}
