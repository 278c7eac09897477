namespace NetKit.Benchmarks;

/// <summary>Measures the servers of a scenario in turns, round after round.</summary>
/// <remarks>
/// Each server is started once per scenario and kept: one that starts anew would have to compile itself hot again in every
/// round. Those whose turn it is not have no connections and nothing to do; that they do nothing is awaited and measured.
/// </remarks>
internal sealed class Comparison(Scenario scenario, ServerKind[] kinds, Effort effort)
{
    private const int IdleConnections = 15_000;
    private const int WarmUps = 6;

    /// <summary>The slices of each server, round by round.</summary>
    public Dictionary<ServerKind, List<Slice>> Slices { get; } = kinds.ToDictionary(static kind => kind, static _ => new List<Slice>());

    /// <summary>The slice in which system calls were counted, where they were.</summary>
    public Dictionary<ServerKind, Slice> Counted { get; } = [];

    public void Run()
    {
        if (scenario.IsIdle)
        {
            // Memory that the connections of the last round left behind would be free for the next: every round starts anew.
            Rounds(kind =>
            {
                using var server = new ServerProcess(kind, scenario);
                return Generator.Hold(scenario, server, IdleConnections);
            });
            Console.Error.WriteLine();
            return;
        }

        var servers = new Dictionary<ServerKind, ServerProcess>();
        try
        {
            foreach (var kind in kinds)
            {
                Say($"{kind.Name} warms up");
                servers[kind] = new ServerProcess(kind, scenario);
                WarmUp(servers[kind]);
            }

            Rounds(kind =>
            {
                var others = servers.Values.Where(server => server.Kind != kind).ToArray();
                AwaitQuiet(servers.Values);
                var before = others.Sum(static server => server.CpuSeconds);
                var slice = Generator.Run(scenario, servers[kind], effort.WarmUp, effort.Seconds);
                return slice with { OthersCpu = others.Sum(static server => server.CpuSeconds) - before };
            });

            foreach (var kind in kinds.Where(_ => scenario.Unit is not null))
            {
                Say($"counting the system calls of {kind.Name}");
                Counted[kind] = Generator.Run(scenario, servers[kind], effort.WarmUp, 1, countCalls: true);
            }
        }
        finally
        {
            foreach (var server in servers.Values)
            {
                server.Dispose();
            }

            Console.Error.WriteLine();
        }
    }

    // In several goes: .NET is to compile what opens and closes connections too, before the first slice does.
    private void WarmUp(ServerProcess server)
    {
        for (var time = 0; time < WarmUps; time++)
        {
            Generator.Run(scenario, server, effort.FirstWarmUp / WarmUps, 0.1);
        }
    }

    private void Rounds(Func<ServerKind, Slice> measure)
    {
        for (var round = 0; round < effort.Rounds; round++)
        {
            // There and back again: a drift of the machine hits first and last alike.
            foreach (var kind in round % 2 == 0 ? kinds : kinds.Reverse())
            {
                var slice = measure(kind);
                Slices[kind].Add(slice);
                var figure = scenario.Compared[0];
                Say($"round {round + 1} of {effort.Rounds}, {kind.Name}: {ResultTable.Number(figure.Of(slice), figure.Format)} {figure.Name}");
            }
        }
    }

    // A runtime goes on for a while when its load has gone: it compiles what was hot, collects, lets its threads spin down.
    private static void AwaitQuiet(IReadOnlyCollection<ServerProcess> servers)
    {
        for (var wait = 0; wait < 60; wait++)
        {
            var before = servers.Sum(static server => server.CpuSeconds);
            Thread.Sleep(TimeSpan.FromMilliseconds(50));
            if (servers.Sum(static server => server.CpuSeconds) - before < 0.0005)
            {
                return;
            }
        }
    }

    private void Say(string what) => Console.Error.Write($"\r\e[K{scenario.Key}: {what}");
}
