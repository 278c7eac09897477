using System.Text.Json;

namespace NetKit.Benchmarks;

/// <summary>Puts load on a server by the generator's own process.</summary>
internal static class Generator
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    public static Slice Run(Scenario scenario, ServerProcess server, double warmup, double seconds, bool countCalls = false)
    {
        using var calls = countCalls ? SystemCallCounter.TryStart(server.Id) : null;
        _ = calls?.Count();
        var process = Command.Start(
        [
            .. scenario.Placement.Generator, Command.PathOf("bin/native/generator"), .. scenario.Load,
            "--port", server.Port, "--server", $"{server.Id}", "--warmup", Text(warmup), "--seconds", Text(seconds),
        ]);
        try
        {
            // It says so when the measured time begins, and prints what it found when that is over.
            _ = process.StandardOutput.ReadLine();
            var before = calls?.Count();
            var result = process.StandardOutput.ReadLine()
                ?? throw new InvalidOperationException($"The generator gave up on {server.Kind.Name}.");
            return JsonSerializer.Deserialize<Slice>(result, s_json)! with { SystemCalls = calls?.Count() - before };
        }
        finally
        {
            Command.End(process);
        }
    }

    /// <summary>Opens idle connections, one echo on each, and says how much memory the server took for one.</summary>
    public static Slice Hold(Scenario scenario, ServerProcess server, int connections)
    {
        Open(64, static () => 0L);
        var before = server.ResidentBytes;
        return new Slice { Connections = connections, Resident = (Open(connections, () => server.ResidentBytes) - before) / (double)connections };

        long Open(int count, Func<long> measure)
        {
            var process = Command.Start(
            [
                .. scenario.Placement.Generator, Command.PathOf("bin/native/generator"), .. scenario.Load,
                "--port", server.Port, "--connections", $"{count}",
            ]);
            try
            {
                if (process.StandardOutput.ReadLine() != "READY")
                {
                    throw new InvalidOperationException($"{server.Kind.Name} did not take {count} connections.");
                }

                // What the last echoes left to do is done.
                Thread.Sleep(TimeSpan.FromSeconds(1));
                return measure();
            }
            finally
            {
                Command.End(process);
            }
        }
    }

    private static string Text(double seconds) => ResultTable.Number(seconds, "0.###");
}
