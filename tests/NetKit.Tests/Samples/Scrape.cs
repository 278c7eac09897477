using System.Globalization;
using System.Text.RegularExpressions;

namespace NetKit.Tests.Samples;

/// <summary>Reads Prometheus' text format, and nothing that breaks it.</summary>
internal static partial class Scrape
{
    /// <summary>The values by name and labels. Each metric is announced once, and its samples stand together.</summary>
    public static Dictionary<string, double> Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var values = new Dictionary<string, double>();
        var announced = new HashSet<string>();
        var name = "";
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                Assert.Matches("^# TYPE [a-z_:][a-z0-9_:]* (counter|gauge|summary)$", line);
                name = line.Split(' ')[2];
                Assert.True(announced.Add(name), $"{name} is announced twice.");
            }
            else if (!line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                var sample = Sample().Match(line);
                Assert.True(sample.Success, $"This is no sample: {line}");
                Assert.StartsWith(name, sample.Groups[1].Value, StringComparison.Ordinal);
                values.Add(sample.Groups[1].Value + sample.Groups[2].Value, double.Parse(sample.Groups[3].Value, CultureInfo.InvariantCulture));
            }
        }

        return values;
    }

    [GeneratedRegex("""^([a-z_:][a-z0-9_:]*)(\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? ([-0-9.E+]+)$""")]
    private static partial Regex Sample();
}
