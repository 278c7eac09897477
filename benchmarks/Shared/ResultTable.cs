using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetKit.Benchmarks;

/// <summary>Collects rows and writes them as Markdown and JSON, headed by machine, date and command.</summary>
internal sealed class ResultTable(string name, params string[] columns)
{
    private static readonly JsonSerializerOptions s_json =
        new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    private readonly List<string[]> _rows = [];
    private readonly List<string> _notes = [];
    private object? _rounds;

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Note(string sentence) => _notes.Add(sentence);

    /// <summary>Puts what the rows were made of beside them in the JSON.</summary>
    public void Attach(object rounds) => _rounds = rounds;

    public static string Number(double value, string format = "N0") => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>Prints the table and saves it as results/name.md and results/name.json.</summary>
    public void Save(string command)
    {
        var markdown = ToMarkdown(command);
        Console.WriteLine();
        Console.WriteLine(markdown);
        Directory.CreateDirectory(ResultsFolder);
        File.WriteAllText(Path.Combine(ResultsFolder, name + ".md"), markdown);
        File.WriteAllText(Path.Combine(ResultsFolder, name + ".json"), ToJson(command));
    }

    /// <summary>The folder benchmarks/results of the repository this program was built in.</summary>
    public static string ResultsFolder => Path.Combine(BenchmarksFolder, "results");

    public static string BenchmarksFolder
    {
        get
        {
            var folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Combine(folder, "NetKit.sln")))
            {
                folder = Path.GetDirectoryName(folder);
            }

            return Path.Combine(folder ?? Environment.CurrentDirectory, "benchmarks");
        }
    }

    private string ToMarkdown(string command)
    {
        var text = new StringBuilder();
        text.Append(Machine.Description).Append(".  \n`").Append(command).Append("`\n\n");
        AppendRow(text, columns);
        AppendRow(text, [.. columns.Select(static (_, index) => index == 0 ? "---" : "---:")]);
        foreach (var row in _rows)
        {
            AppendRow(text, row);
        }

        foreach (var note in _notes)
        {
            text.Append('\n').Append(note).Append('\n');
        }

        return text.ToString();
    }

    private string ToJson(string command) => JsonSerializer.Serialize(
        new
        {
            name,
            machine = Machine.Description,
            command,
            rows = _rows.Select(row => columns.Zip(row).ToDictionary(static cell => cell.First, static cell => cell.Second)),
            notes = _notes,
            rounds = _rounds,
        },
        s_json) + "\n";

    private static void AppendRow(StringBuilder text, string[] cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
