using System.Text;

namespace NetKit.Benchmarks;

/// <summary>Makes the tables of the study: results/io-uring.md and results/io-uring-steps.md.</summary>
internal static class StudyReport
{
    public static void Save(StudyRun[] runs)
    {
        foreach (var group in Group.All)
        {
            var ofGroup = runs.Where(run => run.Group == group.Key).ToArray();
            if (ofGroup.Length > 0)
            {
                var name = group.Key == "ways" ? "io-uring" : "io-uring-" + group.Key;
                File.WriteAllText(Path.Combine(ResultTable.ResultsFolder, name + ".md"), ToMarkdown(group, ofGroup));
            }
        }
    }

    private static string ToMarkdown(Group group, StudyRun[] runs)
    {
        var text = new StringBuilder();
        text.Append($"{runs.Select(static run => run.Machine).Max()}.  \n`benchmarks/IoUring/run --group {group.Key}`\n\n");
        var throughput = runs.Where(static run => run.Scenario != "rate").ToArray();
        text.Append($"**Throughput**, {group.Baseline.Name} = 1\n\n");
        AppendTable(text, group, throughput, (run, kind) => Ratio(run, kind, group.Baseline, ScenarioOf(run).Compared[0]));
        text.Append($"\n**CPU time of the server** for each message, connection or megabyte, {group.Baseline.Name} = 1\n\n");
        AppendTable(text, group, runs, (run, kind) => Ratio(run, kind, group.Baseline, CpuOf(run)));
        text.Append("\n**System calls** for each message or connection; and p99 latency at the fixed rate, in microseconds\n\n");
        AppendTable(text, group, [.. runs.Where(static run => run.SystemCalls.Count > 0)], Calls);
        return text.Append('\n').Append(Note(runs)).Append('\n').ToString();
    }

    private static void AppendTable(StringBuilder text, Group group, StudyRun[] runs, Func<StudyRun, ServerKind, string> cell)
    {
        AppendRow(text, ["Engine", .. runs.Select(static run => Short(run.Scenario))]);
        AppendRow(text, ["---", .. runs.Select(static _ => "---:")]);
        foreach (var kind in group.Kinds)
        {
            AppendRow(text, [kind.Name, .. runs.Select(run => run.Slices.ContainsKey(kind.Key) ? cell(run, kind) : "")]);
        }
    }

    private static string Ratio(StudyRun run, ServerKind kind, ServerKind baseline, Figure figure)
    {
        var (own, others) = (run.Slices[kind.Key], run.Slices[baseline.Key]);
        if (kind == baseline)
        {
            var median = Statistics.Median(own.Select(figure.Of));
            return $"1 = {ResultTable.Number(median, median < 10 ? "N2" : "N0")}{Unit(figure)}";
        }

        return figure.Ratio(own, others);
    }

    private static string Calls(StudyRun run, ServerKind kind)
    {
        var calls = run.SystemCalls.GetValueOrDefault(kind.Key) is { } count ? ResultTable.Number(count, "N2") : "not allowed";
        return run.Scenario == "rate"
            ? $"{calls}; p99 {ResultTable.Number(Statistics.Median(run.Slices[kind.Key].Select(Figure.P99.Of)))}"
            : calls;
    }

    private static string Note(StudyRun[] runs)
    {
        var limited = runs.Where(static run => run.Scenario != "rate" && run.Slices.Values.SelectMany(static slices => slices)
            .Max(Figure.GeneratorBusy.Of) > 0.97).Select(static run => Short(run.Scenario)).ToArray();
        return $"Medians of {runs.Min(static run => run.Rounds)} interleaved rounds of {runs.Min(static run => run.Seconds):0.#} s; "
            + "ratios are taken within a round, and the middle half of the rounds is in brackets. Server and generator have a core each."
            + (limited.Length == 0 ? "" : $" {string.Join("; ", limited)}: there the generator had no time left with the fastest, and the CPU time tells more than the throughput.");
    }

    private static Scenario ScenarioOf(StudyRun run) => Scenario.All.First(scenario => scenario.Key == run.Scenario);

    private static Figure CpuOf(StudyRun run) =>
        ScenarioOf(run).Compared.Concat(ScenarioOf(run).Shown).First(static figure => figure.Name.StartsWith("CPU", StringComparison.Ordinal));

    private static string Unit(Figure figure) => figure.Name switch
    {
        _ when figure.Name.StartsWith("CPU", StringComparison.Ordinal) => " us",
        "GB/s" => " GB/s",
        _ => "/s",
    };

    private static string Short(string scenario) => scenario switch
    {
        "echo-64" => "64 B x 64",
        "echo-1000" => "64 B x 1,000",
        "echo-16k" => "16 KB x 64",
        "pipelined" => "64 B x 64, 16 in flight",
        "rate" => "20,000/s",
        "connect" => "Connect, echo, close",
        _ => "One stream",
    };

    private static void AppendRow(StringBuilder text, string[] cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
