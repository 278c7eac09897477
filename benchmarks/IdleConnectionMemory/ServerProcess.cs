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
                    Console.Out.WriteLine($"{ProcessMemory.Managed()} {ProcessMemory.Resident()}");
                    break;
            }
        }

        // The clients are gone or will be: what is left of them ends with the process.
        Environment.Exit(0);
    }
}
