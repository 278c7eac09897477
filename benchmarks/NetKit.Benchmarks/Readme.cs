using System.Text;
using System.Text.RegularExpressions;

namespace NetKit.Benchmarks;

/// <summary>Puts the tables of results/ into README.md and those of benchmarks/, between the comments that name them.</summary>
internal static partial class Readme
{
    public static void Update()
    {
        Update(Path.Combine(ResultTable.BenchmarksFolder, "README.md"));
        Update(Path.Combine(ResultTable.BenchmarksFolder, "Comparison", "README.md"));
        Update(Path.Combine(ResultTable.BenchmarksFolder, "RetryLockstep", "README.md"));
        Update(Path.Combine(ResultTable.BenchmarksFolder, "..", "README.md"));
    }

    private static void Update(string path)
    {
        var text = new StringBuilder();
        string? skippingTo = null;
        foreach (var line in File.ReadLines(path))
        {
            if (skippingTo is not null && line != skippingTo)
            {
                continue;
            }

            skippingTo = null;
            text.Append(line).Append('\n');
            if (Marker().Match(line) is { Success: true } marker)
            {
                var table = Path.Combine(ResultTable.ResultsFolder, marker.Groups[1].Value + ".md");
                text.Append('\n').Append(File.Exists(table) ? File.ReadAllText(table).Trim() : "Not measured yet.").Append("\n\n");
                skippingTo = "<!-- end -->";
            }
        }

        File.WriteAllText(path, text.ToString());
    }

    [GeneratedRegex("^<!-- table ([a-z0-9-]+) -->$")]
    private static partial Regex Marker();
}
