using System.Text.Json;
using NetKit.Benchmarks;

var arguments = new Arguments(args);
const int WarmUp = 5;
var (clients, idle, seconds) = (arguments.Number("clients", 5_000), arguments.Number("idle", 15_000), arguments.Number("seconds", 20));
if (arguments.AskForHelp || arguments.FindMistake([], ("--clients", 100), ("--idle", 100), ("--seconds", 5)) is not null)
{
    Console.Error.WriteLine("usage: run [--clients N] [--idle N] [--seconds N]");
    return 2;
}

CompareIdle();
CompareBroadcast();
return 0;

void CompareIdle()
{
    var table = new ResultTable("chat-idle", "Server", "Clients", "Resident B a client", "Resident in all, MB");
    foreach (var kind in ChatKind.All)
    {
        using var chat = new ChatProcess(kind);
        Load.Run(chat, 200, 0, 2, []); // until what is loaded once is loaded
        var before = chat.Resident().Now;
        var held = 0L;
        var opened = Load.Run(chat, idle, 10, 30, ["--mode", "idle"], () => held = chat.Resident().Now).GetProperty("opened").GetInt32();
        table.Add(kind.Name, ResultTable.Number(opened), ResultTable.Number((held - before) / (double)opened), ResultTable.Number(held / 1e6));
    }

    table.Note(
        "Pages of the server's process that came with the clients, 15 s after the last one, divided by their number. All are in one room, none says anything, and each is pinged every 5 s. "
        + "What the kernel holds for a socket is the same for all and not in it.");
    table.Save(arguments.CommandOf("benchmarks/Chat/run"));
}

void CompareBroadcast()
{
    var table = new ResultTable("chat-broadcast", "Server", "Clients", "never read", "Deliveries/s", "p50 ms", "p99 ms", "max ms", "Lost", "CPU us a delivery", "Resident at most, MB", "Dropped");
    foreach (var neverRead in new[] { 0, clients / 10 })
    {
        foreach (var kind in ChatKind.All)
        {
            using var chat = new ChatProcess(kind);
            Load.Run(chat, 200, 0, 3, ["--mode", "broadcast", "--senders", "5", "--rate", "100"]); // warm
            var cpu = chat.Cpu();
            var result = Load.Run(chat, clients + neverRead, 5, seconds, ["--mode", "broadcast", "--senders", "5", "--rate", "20", "--warm-up", $"{WarmUp}s", "--never-read", $"{neverRead}"]);
            var received = result.GetProperty("received").GetInt64();
            table.Add(
                kind.Name,
                ResultTable.Number(clients),
                ResultTable.Number(neverRead),
                ResultTable.Number(Of(result, "perSecond")),
                ResultTable.Number(Of(result, "p50Milliseconds"), "N1"),
                ResultTable.Number(Of(result, "p99Milliseconds"), "N1"),
                ResultTable.Number(Of(result, "maxMilliseconds"), "N1"),
                ResultTable.Number(Of(result, "lost")),
                ResultTable.Number((chat.Cpu() - cpu).TotalMicroseconds / received, "N1"),
                ResultTable.Number(chat.Resident().Most / 1e6),
                ResultTable.Number(Of(result, "droppedUnread")));
        }
    }

    table.Note(
        $"20 messages of 64 B a second, each to every client, for as long as said by --seconds after {WarmUp} s to warm up; server and load tester share both cores. Latency counts from when a message was due to when a client "
        + "has it, and the load tester's own work is in it. Those that never read are beside the clients, and are to be dropped by the server.");
    table.Save(arguments.CommandOf("benchmarks/Chat/run"));

    static double Of(JsonElement result, string name) => result.GetProperty(name).GetDouble();
}
