namespace NetKit.Benchmarks;

/// <summary>Says what the kernel lacks for each engine.</summary>
internal static class Probe
{
    public const string Mode = "probe";

    public static void Run()
    {
        var features = RingFeatures.Probe();
        var said = new List<string>();
        foreach (var variant in Variants.Ways.Concat(Variants.Steps))
        {
            _ = variant.Fit(features, said.Add);
        }

        Console.WriteLine(said.Count == 0 ? "This kernel has all that the engines use." : string.Join(Environment.NewLine, said.Distinct()));
    }
}
