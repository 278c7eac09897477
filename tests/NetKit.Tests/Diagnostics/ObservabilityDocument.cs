namespace NetKit.Tests.Diagnostics;

/// <summary>What docs/observability.md promises.</summary>
internal static class ObservabilityDocument
{
    private static readonly string s_text = Repository.Read("docs", "observability.md");

    public sealed record InstrumentRow(string Name, string Kind, string Unit, Dictionary<string, string[]> Tags);

    public static InstrumentRow[] Instruments { get; } =
        [.. Table("Instruments").Select(static row => new InstrumentRow(Name(row[0]), row[1], Name(row[2]), TagsOf(row[3])))];

    public static Dictionary<string, string[]> Spans { get; } = Table("Spans").ToDictionary(static row => Name(row[0]), static row => MarkdownTable.Names(row[1]));

    public static string[][] Table(string heading) => MarkdownTable.Under(s_text, heading);

    public static string Name(string cell) => Assert.Single(MarkdownTable.Names(cell));

    // `key`: `value`, `value`; `key`: a ConnectionError
    private static Dictionary<string, string[]> TagsOf(string cell) => cell
        .Split(';', StringSplitOptions.RemoveEmptyEntries)
        .Select(static tag => MarkdownTable.Names(tag))
        .ToDictionary(static names => names[0], static names => names is [_, nameof(ConnectionError)] ? Enum.GetNames<ConnectionError>() : names[1..]);
}
