using System.Globalization;

namespace NetKit.Benchmarks;

/// <summary>Holds the server ends of one kind, and says what they cost.</summary>
internal static class ServerProcess
{
    public const string Mode = "server";

    /// <summary>Prints its port, then obeys the starter: "wait n" for so many connections, and "measure".</summary>
    public static async Task RunAsync(string kind)
    {
        var server = IdleServer.Create(kind);
        Console.Out.WriteLine(await server.StartAsync());
        while (Console.In.ReadLine() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["wait", var count]:
                    var wanted = int.Parse(count, CultureInfo.InvariantCulture);
                    while (server.Count != wanted)
                    {
                        await Task.Delay(10);
                    }

                    // A handler begins on the pool after its connection was counted: let it come to its read.
                    await Task.Delay(200);
                    Console.Out.WriteLine("done");
                    break;
                case ["measure"]:
                    Console.Out.WriteLine($"{ManagedBytes()} {ResidentBytes()}");
                    break;
            }
        }

        // The clients are gone or will be: what is left of them ends with the process.
        Environment.Exit(0);
    }

    private static long ManagedBytes()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static long ResidentBytes()
    {
        const string Field = "VmRSS:";
        var line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith(Field, StringComparison.Ordinal));
        return 1024 * long.Parse(line[Field.Length..^"kB".Length], CultureInfo.InvariantCulture);
    }
}
