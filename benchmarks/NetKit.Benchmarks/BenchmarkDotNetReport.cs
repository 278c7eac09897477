using System.Text.RegularExpressions;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;

namespace NetKit.Benchmarks;

/// <summary>Keeps BenchmarkDotNet's table beside those of the runners, headed in the same way.</summary>
internal static partial class BenchmarkDotNetReport
{
    public static void Save(Summary summary, string command)
    {
        if (summary.BenchmarksCases.Length == 0 || summary.HasCriticalValidationErrors)
        {
            return;
        }

        var logger = new AccumulationLogger();
        MarkdownExporter.GitHub.ExportToLog(summary, logger);
        var table = string.Join('\n', logger.GetLog().Split('\n').Select(static line => line.Trim()).Where(static line => line.StartsWith('|')));
        var benchmarks = summary.BenchmarksCases[0].Descriptor.Type.Name.Replace("Benchmarks", "", StringComparison.Ordinal);
        var name = "bdn" + Capital().Replace(benchmarks, static letter => "-" + letter.Value.ToLowerInvariant());
        Directory.CreateDirectory(ResultTable.ResultsFolder);
        File.WriteAllText(
            Path.Combine(ResultTable.ResultsFolder, name + ".md"), $"{Machine.Description}.  \n`{command}`\n\n{table}\n");
    }

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Capital();
}
