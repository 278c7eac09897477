using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetKit.Benchmarks;

/// <summary>Keeps what was measured in results/io-uring.json, so that one scenario can be measured anew without the others.</summary>
internal static class StudyFile
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    private static string Path => System.IO.Path.Combine(ResultTable.ResultsFolder, "io-uring.json");

    public static StudyRun[] Load() => File.Exists(Path) ? JsonSerializer.Deserialize<StudyRun[]>(File.ReadAllText(Path), s_json)! : [];

    /// <summary>Puts a run in the place of the last one of the same group and scenario.</summary>
    public static void Save(StudyRun run)
    {
        var runs = Load()
            .Where(other => (other.Group, other.Scenario) != (run.Group, run.Scenario))
            .Append(run)
            .OrderBy(static other => Array.FindIndex(Group.All, known => known.Key == other.Group))
            .ThenBy(static other => Array.FindIndex(Group.Scenarios, known => known.Key == other.Scenario));
        File.WriteAllText(Path, JsonSerializer.Serialize(runs, s_json) + "\n");
    }
}
