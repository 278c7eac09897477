using NetKit.Benchmarks;

var arguments = new Arguments(args);
const int WarmUp = 5;
const int SteadinessSeconds = 5;
var (clients, idle, seconds, rounds) = (arguments.Number("clients", 5_000), arguments.Number("idle", 15_000), arguments.Number("seconds", 20), arguments.Number("rounds", 3));
if (arguments.AskForHelp || arguments.FindMistake([], ("--clients", 100), ("--idle", 100), ("--seconds", 5), ("--rounds", 1)) is not null)
{
    Console.Error.WriteLine("usage: run [--clients N] [--idle N] [--seconds N] [--rounds N]");
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
        Load.WarmUp(chat);
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
    var runs = new Dictionary<(int NeverRead, ChatKind Kind), List<Broadcast>>();
    var steadiness = new List<Steadiness>();
    for (var round = 0; round < rounds; round++)
    {
        steadiness.Add(Steadiness.Measure(TimeSpan.FromSeconds(SteadinessSeconds)));
        foreach (var neverRead in new[] { 0, clients / 10 })
        {
            foreach (var kind in ChatKind.All)
            {
                if (!runs.TryGetValue((neverRead, kind), out var those))
                {
                    runs[(neverRead, kind)] = those = [];
                }

                those.Add(Broadcast.Run(kind, clients, neverRead, WarmUp, seconds));
            }
        }
    }

    var table = new ResultTable(
        "chat-broadcast", "Server", "Clients", "never read", "Deliveries/s", "p50 ms", "p99 ms", "p99 of each round", "max ms", "Lost", "CPU us a delivery", "Resident at most, MB", "Dropped");
    foreach (var ((neverRead, kind), those) in runs)
    {
        table.Add(
            kind.Name,
            ResultTable.Number(clients),
            ResultTable.Number(neverRead),
            ResultTable.Number(Median(static run => run.PerSecond)),
            ResultTable.Number(Median(static run => run.P50), "N1"),
            ResultTable.Number(Median(static run => run.P99), "N1"),
            string.Join(", ", those.Select(static run => ResultTable.Number(run.P99))),
            ResultTable.Number(those.Max(static run => run.Most), "N1"),
            ResultTable.Number(those.Sum(static run => run.Lost)),
            ResultTable.Number(Median(static run => run.CpuMicroseconds), "N1"),
            ResultTable.Number(those.Max(static run => run.Megabytes)),
            string.Join(", ", those.Select(static run => ResultTable.Number(run.Dropped))));

        double Median(Func<Broadcast, double> of) => Statistics.Median(those.Select(of));
    }

    var machine = Steadiness.Sum(steadiness);
    table.Note(
        $"20 messages of 64 B a second, each to every client, for {seconds} s after {WarmUp} s to warm up; medians of {rounds} rounds with a fresh process each, lost and dropped in all of them. Server and load tester share both "
        + "cores. Latency counts from when a message was due to when a client has it, and the load tester's own work is in it. Those that never read are beside the clients, and are to be dropped by the server.");
    table.Note(
        $"How even the machine itself is: of two busy loops alone, {SteadinessSeconds} s before each round, {ResultTable.Number(100 * machine.SlowShare, "N1")} % of the slices of 10 ms had less than "
        + $"{ResultTable.Number(100 * Steadiness.Enough)} % of the usual work done in them, {ResultTable.Number(machine.Longest.TotalMilliseconds)} ms in a row at most. What is sent in such a time is late on any server.");
    table.Attach(runs.Select(static run => new { server = run.Key.Kind.Name, neverRead = run.Key.NeverRead, rounds = run.Value }));
    table.Save(arguments.CommandOf("benchmarks/Chat/run"));
}
