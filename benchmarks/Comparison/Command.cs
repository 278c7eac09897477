using System.Diagnostics;

namespace NetKit.Benchmarks;

/// <summary>Starts and ends the programs of the comparison.</summary>
internal static class Command
{
    public static string PathOf(string program) => Path.Combine(ResultTable.BenchmarksFolder, "Comparison", program);

    public static Process Start(IReadOnlyList<string> line)
    {
        var start = new ProcessStartInfo(line[0]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in line.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    public static void End(Process process)
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            process.Kill();
        }

        process.Dispose();
    }
}
