using System.Text.Json;

namespace NetKit.Benchmarks;

/// <summary>Puts what NetKit came to in every scenario into one table, from the results as they were saved.</summary>
internal static class Summary
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    private static readonly ServerKind[] s_baselines =
        [ServerKind.Epoll, ServerKind.Go, ServerKind.Sockets, ServerKind.Kestrel, ServerKind.NetKit];

    public static void Save()
    {
        var table = new ResultTable(
            "comparison-summary", ["Load", "Figure", "NetKit", .. s_baselines.Select(static kind => "vs " + kind.Name), "Measured by"]);
        foreach (var scenario in Scenario.All)
        {
            if (Read(scenario) is not { } result || !result.Rounds.TryGetValue(scenario.Subject.Key, out var own))
            {
                continue;
            }

            foreach (var figure in scenario.Compared)
            {
                table.Add(
                [
                    $"{scenario.Title}, {scenario.Placement.Name}",
                    figure.Name,
                    ResultTable.Number(Statistics.Median(own.Select(figure.Of)), figure.Format),
                    .. s_baselines.Select(kind => kind != scenario.Subject && result.Rounds.TryGetValue(kind.Key, out var other) ? figure.Ratio(own, other) : ""),
                    $"`{result.Command}`",
                ]);
            }
        }

        table.Note("Medians of the ratios within each round, the middle half of the rounds in brackets. Of CPU time, latency and memory, less is better.");
        table.Save("benchmarks/Comparison/run");
    }

    private static Result? Read(Scenario scenario)
    {
        var path = Path.Combine(ResultTable.ResultsFolder, $"comparison-{scenario.Key}.json");
        return File.Exists(path) ? JsonSerializer.Deserialize<Result>(File.ReadAllText(path), s_json) : null;
    }

    private sealed record Result(string Command, Dictionary<string, List<Slice>> Rounds);
}
