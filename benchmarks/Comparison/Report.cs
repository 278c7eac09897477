namespace NetKit.Benchmarks;

/// <summary>Makes the table of a scenario.</summary>
internal static class Report
{
    public static void Save(Scenario scenario, ServerKind[] kinds, Comparison comparison, Effort effort, string command)
    {
        var baselines = scenario.Baselines.Where(kinds.Contains).ToArray();
        string[] columns =
        [
            "Server",
            .. scenario.Compared.SelectMany(figure => (string[])
                [figure.Name, .. baselines.Select(baseline => $"{Short(figure, scenario)}vs {baseline.Name} (middle half)")]),
            .. scenario.Shown.Select(static figure => figure.Name),
            .. comparison.Counted.Count > 0 ? (string[])["System calls"] : [],
        ];
        var table = new ResultTable("comparison-" + scenario.Key, columns);
        foreach (var kind in kinds)
        {
            var slices = comparison.Slices[kind];
            table.Add(
            [
                kind.Name,
                .. scenario.Compared.SelectMany(figure => (string[])
                    [Median(slices, figure), .. baselines.Select(baseline => figure.Ratio(slices, comparison.Slices[baseline]))]),
                .. scenario.Shown.Select(figure => Median(slices, figure)),
                .. comparison.Counted.TryGetValue(kind, out var counted) ? (string[])[Calls(scenario, counted)] : [],
            ]);
        }

        table.Note(
            $"{scenario.Title}, {scenario.Placement.Name}; medians of {effort.Rounds} interleaved rounds"
            + (scenario.IsIdle ? "" : $" of {effort.Seconds:0.#} s")
            + "; ratios are taken within a round, and the middle half of the rounds is in brackets."
            + (scenario.Unit is null ? "" : " System calls are per message or connection, counted by the kernel in a slice of their own.")
            + Others(comparison));
        table.Attach(comparison.Slices.ToDictionary(static pair => pair.Key.Key, static pair => pair.Value));
        table.Save(command);
    }

    // With one compared figure its name need not be in every column.
    private static string Short(Figure figure, Scenario scenario) => scenario.Compared.Length > 1 ? figure.Name.Split(' ')[0] + " " : "";

    private static string Median(List<Slice> slices, Figure figure) =>
        ResultTable.Number(Statistics.Median(slices.Select(figure.Of)), figure.Format);

    private static string Calls(Scenario scenario, Slice counted) =>
        counted.SystemCalls is { } calls ? ResultTable.Number(calls / scenario.Unit!(counted), "N2") : "not allowed";

    private static string Others(Comparison comparison)
    {
        var worst = comparison.Slices.Values.SelectMany(static slices => slices)
            .Max(static slice => slice.Seconds > 0 ? slice.OthersCpu / slice.Seconds : 0);
        return worst > 0 ? $" The servers waiting for their turn used at most {ResultTable.Number(worst, "P1")} of a core together." : "";
    }
}
