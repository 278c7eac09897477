using System.Globalization;

namespace NetKit.Benchmarks;

/// <summary>Holds many idle connections with each kind of server, and tabulates what one costs.</summary>
internal static class IdleRunner
{
    private const int WarmUp = 64;

    public static void Run(Arguments arguments)
    {
        var count = arguments.Number("connections", 10_000);
        var only = arguments.Number("kind", -1);
        var breakdown = new ResultTable("idle-types", "Kind", "Type", "Objects per connection", "B per connection");
        var table = new ResultTable(
            "idle",
            "Server",
            "Managed B",
            "Above the socket",
            "Of that the handler's frame",
            "Managed B after a message",
            "Above the socket after a message",
            "Resident B",
            "Resident B after a message");
        Cost? plain = null;
        foreach (var kind in IdleServer.Kinds.Where((_, index) => only < 0 || index == 0 || index == only))
        {
            Console.Error.WriteLine(kind);
            var cost = Measure(kind, count, breakdown);
            plain ??= cost;
            table.Add(
                kind,
                ResultTable.Number(cost.Managed),
                ResultTable.Number(cost.Managed - plain.Value.Managed),
                cost.Frame is { } frame ? ResultTable.Number(frame) : "unknown",
                ResultTable.Number(cost.ManagedAfterMessage),
                ResultTable.Number(cost.ManagedAfterMessage - plain.Value.Managed),
                ResultTable.Number(cost.Resident),
                ResultTable.Number(cost.ResidentAfterMessage));
        }

        table.Note(
            $"Per connection, with {count:N0} idle connections of which the clients are in another process. Managed: what the "
            + "collector finds in use, less what it found with none. Resident: the same for the pages of the process; the kernel's "
            + "own memory for a socket is in neither. The handler's frame is what its async method keeps while it waits: the program's choice, not the library's. After a message: each connection has echoed one byte and is idle again.");
        breakdown.Note($"From a walk of the heap, after the message where there is one; types of which there are {count / 2:N0} objects or more.");
        table.Save(arguments.Command("IdleConnectionMemory"));
        breakdown.Save(arguments.Command("IdleConnectionMemory"));
    }

    private static Cost Measure(string kind, int count, ResultTable breakdown)
    {
        using var server = Peer.Start(ServerProcess.Mode, kind);
        using var clients = Peer.Start(ClientProcess.Mode, server.ReadLine());
        var echoes = kind is not (IdleServer.AcceptedSocket or IdleServer.BareConnection);

        // Code and caches of the first connections are not the price of the next.
        Tell(clients, $"connect {WarmUp}");
        Tell(server, $"wait {WarmUp}");
        if (echoes)
        {
            Tell(clients, "message");
            Tell(clients, "close");
            Tell(server, "wait 0");
        }

        var (managed, resident) = Read(server);
        Tell(clients, $"connect {(echoes ? count : count + WarmUp)}");
        Tell(server, $"wait {(echoes ? count : count + WarmUp)}");
        var (managedIdle, residentIdle) = Read(server);
        if (echoes)
        {
            Tell(clients, "message");
            Thread.Sleep(200);
        }

        var (managedAfter, residentAfter) = Read(server);

        // The last act, for the dump's progress goes where the server's answers went.
        var frame = HeapWalk.Tabulate(server.ProcessId, kind, count, breakdown);
        return new Cost(
            (double)(managedIdle - managed) / count,
            (double)(managedAfter - managed) / count,
            (double)(residentIdle - resident) / count,
            (double)(residentAfter - resident) / count,
            frame);
    }

    private static (long Managed, long Resident) Read(Peer server)
    {
        var parts = Tell(server, "measure").Split(' ');
        return (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private static string Tell(Peer peer, string command)
    {
        peer.WriteLine(command);
        return peer.ReadLine();
    }

    private readonly record struct Cost(double Managed, double ManagedAfterMessage, double Resident, double ResidentAfterMessage, double? Frame);
}
