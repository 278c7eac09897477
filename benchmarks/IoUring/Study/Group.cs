namespace NetKit.Benchmarks;

/// <summary>Engines that are measured in the same rounds, and the one that the others are compared with.</summary>
internal sealed record Group(string Key, string Title, ServerKind Baseline, ServerKind[] Kinds)
{
    private const string Program = "../IoUring/bin/Release/net10.0/IoUring";

    public static readonly Group[] All =
    [
        Create("ways", "Ways to use a ring", "epoll", Variants.Ways, ServerKind.Epoll, ServerKind.NetKit),
        Create("steps", "Single steps from the simple ring", "ring", Variants.Steps),
    ];

    /// <summary>Which scenarios the engines are compared in.</summary>
    public static readonly Scenario[] Scenarios =
    [
        .. Scenario.All.Where(static scenario =>
            scenario.Key is "echo-64" or "echo-1000" or "pipelined" or "echo-16k" or "connect" or "stream" or "rate"),
    ];

    private static Group Create(string key, string title, string baseline, IEnumerable<Variant> variants, params ServerKind[] others)
    {
        ServerKind[] kinds =
        [
            .. others,
            .. variants.Select(static variant => new ServerKind(variant.Key, variant.Title, Program, Server.Mode, "--engine", variant.Key)),
        ];
        return new Group(key, title, kinds.First(kind => kind.Key == baseline), kinds);
    }
}
