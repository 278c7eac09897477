using System.Text.RegularExpressions;

namespace NetKit.Tests;

/// <summary>Reads tables of a document, by the heading they stand under.</summary>
internal static partial class MarkdownTable
{
    /// <summary>The rows below a heading of the second level, without the head; each as its cells.</summary>
    public static string[][] Under(string document, string heading)
    {
        var lines = document.Split('\n').SkipWhile(line => line != $"## {heading}").Skip(1)
            .TakeWhile(static line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(static line => line.StartsWith('|')).Skip(2).ToArray();
        Assert.True(lines.Length > 0, $"There is no table under \"{heading}\".");
        return [.. lines.Select(static line => line.Trim('|').Split('|').Select(static cell => cell.Trim()).ToArray())];
    }

    /// <summary>What stands in backticks, without them.</summary>
    public static string[] Names(string cell) => [.. NamePattern().Matches(cell).Select(static match => match.Groups[1].Value)];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex NamePattern();
}
