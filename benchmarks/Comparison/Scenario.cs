namespace NetKit.Benchmarks;

/// <summary>One kind of load, and which figures of it are compared.</summary>
internal sealed record Scenario(string Key, string Title, Placement Placement, string Work, int Buffer, params string[] Load)
{
    private const int Small = 4096;
    private const int Large = 16384;

    private static readonly string[] s_echo = ["echo", "--connections", "64"];
    private static readonly string[] s_rate = ["rate", "--connections", "64", "--rate", "20000"];

    /// <summary>Which servers take part when nobody says otherwise.</summary>
    public ServerKind[] Servers { get; init; } = ServerKind.Default;

    /// <summary>Whose figures the others' are divided by.</summary>
    public ServerKind[] Baselines { get; init; } = [ServerKind.Epoll, ServerKind.Go, ServerKind.Sockets];

    /// <summary>The server that the summary speaks of.</summary>
    public ServerKind Subject { get; init; } = ServerKind.NetKit;

    /// <summary>The figures of which there are ratios.</summary>
    public Figure[] Compared { get; init; } = [Figure.Messages];

    /// <summary>The figures that stand beside them.</summary>
    public Figure[] Shown { get; init; } = [Figure.CpuPerMessage, Figure.ServerBusy, Figure.GeneratorBusy];

    /// <summary>What a system call is counted per; null where none are counted.</summary>
    public Func<Slice, double>? Unit { get; init; } = static slice => slice.Messages;

    public static readonly Scenario[] All =
    [
        new("echo-64", "64 B over 64 connections", Placement.Apart, "echo", Small, s_echo),
        new("echo-1000", "64 B over 1,000 connections", Placement.Apart, "echo", Small, "echo", "--connections", "1000"),
        new("echo-16k", "16 KB over 64 connections", Placement.Apart, "echo", Large, [.. s_echo, "--size", "16384"]),
        new("pipelined", "64 B over 64 connections, 16 in flight on each", Placement.Apart, "echo", Small, [.. s_echo, "--depth", "16"]),
        new("rate", "64 B at 20,000/s over 64 connections", Placement.Apart, "echo", Small, s_rate)
        {
            Compared = [Figure.CpuPerMessage, Figure.P99],
            Shown = [Figure.P50, Figure.P999, Figure.ServerBusy],
        },
        new("deadlines", "64 B over 64 connections, a deadline moved before every read and write", Placement.Apart, "echo", Small, s_echo)
        {
            Subject = ServerKind.NetKitDeadlines,
            Servers = [ServerKind.NetKit, ServerKind.NetKitDeadlines, ServerKind.Go, ServerKind.GoDeadlines],
            Baselines = [ServerKind.NetKit, ServerKind.Go],
        },
        new("deadlines-rate", "64 B at 20,000/s over 64 connections, a deadline moved before every read and write", Placement.Apart, "echo", Small, s_rate)
        {
            Subject = ServerKind.NetKitDeadlines,
            Servers = [ServerKind.NetKit, ServerKind.NetKitDeadlines, ServerKind.Go, ServerKind.GoDeadlines],
            Baselines = [ServerKind.NetKit, ServerKind.Go],
            Compared = [Figure.CpuPerMessage, Figure.P99],
            Shown = [Figure.P50, Figure.P999, Figure.ServerBusy],
        },
        new("pingpong-free", "64 B over one connection", Placement.Free, "echo", Small, "echo") { Compared = [Figure.RoundTrips] },
        new("pingpong-same-core", "64 B over one connection", Placement.SameCore, "echo", Small, "echo") { Compared = [Figure.RoundTrips] },
        new("stream", "One connection streaming into a buffer of 16 KB", Placement.Apart, "sink", Large, "stream")
        {
            Compared = [Figure.Gigabytes],
            Shown = [Figure.CpuPerMegabyte, Figure.ServerBusy, Figure.GeneratorBusy],
            Unit = null,
        },
        new("connect", "Connect, one echo of 64 B, close; 64 at a time", Placement.Apart, "echo", Small, "connect", "--connections", "64")
        {
            Compared = [Figure.Connections, Figure.CpuPerConnection],
            Shown = [Figure.ServerBusy, Figure.GeneratorBusy],
            Unit = static slice => slice.Connections,
        },
        new(IdleKey, "15,000 idle connections after one message on each", Placement.Apart, "idle", Small, "idle")
        {
            Baselines = [ServerKind.Go, ServerKind.Kestrel],
            Compared = [Figure.Resident],
            Shown = [],
            Unit = null,
        },
    ];

    public const string IdleKey = "idle";

    public bool IsIdle => Key == IdleKey;
}
