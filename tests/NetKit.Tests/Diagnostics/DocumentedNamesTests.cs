using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Diagnostics;

/// <summary>Holds the tables of docs/observability.md to what the library publishes, both ways.</summary>
// Alone: it wants counters, which every other listener of the process is told of too.
[Collection(nameof(Alone))]
public sealed partial class DocumentedNamesTests
{
    private static readonly string[] s_folders = ["NetKit", "NetKit.Hosting"];
    private static readonly string s_sources = string.Join('\n', SourceFiles().Select(File.ReadAllText));

    [Fact]
    public void Every_instrument_is_in_the_table_with_its_kind_and_unit_and_there_is_no_other()
    {
        RuntimeHelpers.RunClassConstructor(typeof(NetKitMetrics).TypeHandle);
        var instruments = new List<string>();
        using (var listener = new MeterListener())
        {
            listener.InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == NetKitDiagnostics.MeterName && instrument.GetType().Assembly == typeof(Meter).Assembly)
                {
                    Assert.False(string.IsNullOrEmpty(instrument.Description), instrument.Name);
                    instruments.Add($"{instrument.Name} {instrument.GetType().Name.Split('`')[0]} {instrument.Unit}");
                }
            };
            listener.Start();
        }

        AssertSame(ObservabilityDocument.Instruments.Select(static row => $"{row.Name} {row.Kind} {row.Unit}"), instruments.Distinct());
    }

    [Fact]
    public void Every_value_of_a_tag_that_code_can_tell_is_in_the_table_and_no_value_there_is_unknown_to_the_code()
    {
        AssertSame(TagOf("netkit.dialer.attempts", "outcome"), ValuesOf<DialOutcome>(typeof(DialReport), "NameOf"));
        AssertSame(TagOf("netkit.pool.closed_connections", "reason"), ValuesOf<PoolCloseReason>(typeof(ConnectionPool), "NameOf"));
        AssertSame(
            TagOf("netkit.server.timed_out_connections", "reason"),
            Enum.GetValues<CloseCause>().Except([CloseCause.None, CloseCause.Closed]).Select(static cause => Call(typeof(ConnectionWatch), "ReasonOf", cause)));

        // The text of the sources has each value as a literal; an error's name is a member of its enumeration.
        var literals = LiteralPattern().Matches(s_sources).Select(static match => match.Groups[1].Value).ToHashSet();
        Assert.All(
            ObservabilityDocument.Instruments.SelectMany(static row => row.Tags).Where(static tag => tag.Key != "error.type"),
            tag => Assert.All(tag.Value.Append(tag.Key), name => Assert.Contains(name, literals)));

        static string[] TagOf(string instrument, string tag) => ObservabilityDocument.Instruments.Single(row => row.Name == instrument).Tags[tag];
    }

    [Fact]
    public void Every_tag_of_an_instrument_that_the_code_names_is_in_the_table()
    {
        var metrics = File.ReadAllText(Repository.PathOf("src", "NetKit", "Diagnostics", "NetKitMetrics.cs"))
            + File.ReadAllText(Repository.PathOf("src", "NetKit", "Diagnostics", "PoolGauges.cs"));
        AssertSame(
            ObservabilityDocument.Instruments.SelectMany(static row => row.Tags.Keys).Distinct(),
            TagPattern().Matches(metrics).Select(static match => match.Groups[1].Value).Distinct());
    }

    [Fact]
    public void Every_span_and_every_tag_of_one_is_in_the_table_and_there_is_no_other()
    {
        AssertSame(
            ObservabilityDocument.Spans.Keys,
            SpanPattern().Matches(s_sources).Select(static match => match.Groups[1].Value).Distinct());
        AssertSame(
            ObservabilityDocument.Spans.Values.SelectMany(static tags => tags).Append("server.address").Distinct(),
            SpanTagPattern().Matches(s_sources).Select(static match => match.Groups[1].Value).Distinct());
    }

    [Fact]
    public void Every_event_is_in_the_table_with_its_id_level_keyword_and_payload_and_there_is_no_other()
    {
        var events =
            from method in typeof(NetKitEventSource).GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            let told = method.GetCustomAttribute<EventAttribute>()
            where told is not null
            select $"{told.EventId} {method.Name} {told.Level} 0x{(long)told.Keywords:x} {string.Join(",", method.GetParameters().Select(static parameter => parameter.Name))}";
        AssertSame(
            ObservabilityDocument.Table("Events").Select(static row =>
                $"{row[0]} {ObservabilityDocument.Name(row[1])} {row[2]} {row[3]} {string.Join(",", MarkdownTable.Names(row[4]))}"),
            events);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Every_event_counter_is_in_the_table_with_its_kind_and_unit_and_there_is_no_other()
    {
        using var events = new EventRecorder(interval: TimeSpan.FromMilliseconds(50));
        await Eventually.True(() => events.Counters.ContainsKey("leaked-leases"), "counters");
        AssertSame(
            ObservabilityDocument.Table("Event counters").Select(static row => $"{ObservabilityDocument.Name(row[0])} {row[1]} {row[2]}"),
            events.Counters.Select(static told => $"{told.Key} {(told.Value.ContainsKey("Increment") ? "rate" : "gauge")} {told.Value["DisplayUnits"]}"));
        Assert.All(events.Counters.Values, static told => Assert.NotEqual("", told["DisplayName"]));
    }

    [Fact]
    public void Every_log_message_is_in_the_table_with_its_id_and_level_and_there_is_no_other()
    {
        // NetKit.Hosting logs by the same class; a class of its own would have to be found here.
        Assert.DoesNotContain("[LoggerMessage", string.Concat(Directory.EnumerateFiles(Repository.PathOf("src", "NetKit.Hosting"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText)), StringComparison.Ordinal);
        var messages =
            from method in typeof(Log).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            let told = method.GetCustomAttribute<LoggerMessageAttribute>()
            where told is not null
            select $"{told.EventId} {method.Name} {(told.Level == LogLevel.None ? "Debug or Error" : told.Level)} {told.Message}";
        AssertSame(
            ObservabilityDocument.Table("Log messages").Select(static row => $"{row[0]} {ObservabilityDocument.Name(row[1])} {row[2]} {row[3]}"), messages);
    }

    private static void AssertSame(IEnumerable<string> documented, IEnumerable<string> published) =>
        Assert.Equal(documented.Order(StringComparer.Ordinal), published.Order(StringComparer.Ordinal));

    private static IEnumerable<string> ValuesOf<T>(Type type, string function)
        where T : struct, Enum =>
        Enum.GetValues<T>().Select(value => Call(type, function, value)).Distinct();

    private static string Call<T>(Type type, string function, T value) =>
        (string)type.GetMethod(function, BindingFlags.Static | BindingFlags.NonPublic, [typeof(T)])!.Invoke(null, [value])!;

    private static IEnumerable<string> SourceFiles() =>
        from folder in s_folders
        from path in Directory.EnumerateFiles(Repository.PathOf("src", folder), "*.cs", SearchOption.AllDirectories)
        where !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        select path;

    [GeneratedRegex("\"([a-z0-9_.]+)\"")]
    private static partial Regex LiteralPattern();

    [GeneratedRegex("KeyValuePair<string, object\\?>\\(\"([^\"]+)\"")]
    private static partial Regex TagPattern();

    [GeneratedRegex("NetKitActivities\\.Start(?:Beside)?\\(\"([^\"]+)\"")]
    private static partial Regex SpanPattern();

    [GeneratedRegex("SetTag\\(\"([^\"]+)\"")]
    private static partial Regex SpanTagPattern();
}
