namespace NetKit.Benchmarks;

/// <summary>On which cores server and generator run.</summary>
/// <remarks>Compare within one placement only: what they differ by is mostly who wakes whom, and how far away.</remarks>
internal sealed record Placement(string Name, string[] Server, string[] Generator)
{
    public static readonly Placement Apart = new("pinned apart", Core(0), Core(1));
    public static readonly Placement SameCore = new("both on one core", Core(0), Core(0));
    public static readonly Placement Free = new("free", [], []);

    private static string[] Core(int number) => ["taskset", "-c", $"{number}"];
}
