using NetKit.Benchmarks;

const int WarmUps = 4;

var arguments = new Arguments(args);
var rounds = arguments.Number("rounds", 5);
var seconds = arguments.Number("seconds", 2);
var scenarios = ProxyScenario.All.Where(scenario => arguments.Text("scenario") is not { } name || scenario.Key == name).ToArray();
if (arguments.AskForHelp || scenarios.Length == 0)
{
    Console.Error.WriteLine($"usage: run [--scenario {string.Join('|', ProxyScenario.All.Select(static scenario => scenario.Key))}] [--rounds N] [--seconds N]");
    return 2;
}

var table = new ResultTable("proxy", "Load", "Cores", "Proxy", "Throughput", "Throughput vs HAProxy (middle half)", "CPU of the proxy", "CPU vs HAProxy (middle half)", "Proxy busy");
var all = new List<object>();
foreach (var scenario in scenarios)
{
    using var backend = new BackendProcess(scenario);
    var proxies = ProxyKind.All.Select(kind => new ProxyProcess(kind, scenario, backend.Port)).ToArray();
    try
    {
        Measure(scenario, proxies);
    }
    finally
    {
        Array.ForEach(proxies, static proxy => proxy.Dispose());
    }
}

table.Note(
    $"Medians of {rounds} rounds of {seconds} s, the proxies in turns; ratios are taken within a round. \"Apart\": the proxy has one core, the generator and "
    + "the server behind it, both in C, the other. \"Free\": all have both cores, and HAProxy two threads. CPU is user and system time of the proxy's process. "
    + "HAProxy's own buffers are of 16 KB; NetKit's sample rents 128 KB while there is data. There and back is twice through the proxy, and counts twice.");
table.Attach(all);
table.Save(arguments.CommandOf("benchmarks/Proxy/run"));
return 0;

void Measure(ProxyScenario scenario, ProxyProcess[] proxies)
{
    foreach (var proxy in proxies)
    {
        // In several goes: .NET is to compile what opens and closes connections too.
        for (var time = 0; time < WarmUps; time++)
        {
            proxy.Measure(1, 0.1);
        }
    }

    var slices = proxies.ToDictionary(static proxy => proxy.Kind, static _ => new List<Slice>());
    for (var round = 0; round < rounds; round++)
    {
        // There and back again: a drift of the machine hits first and last alike.
        foreach (var proxy in round % 2 == 0 ? proxies : proxies.Reverse())
        {
            var slice = proxy.Measure(0.3, seconds);
            slices[proxy.Kind].Add(slice);
            all.Add(new { scenario = scenario.Key, proxy = proxy.Kind.Name, round, throughput = scenario.Throughput.Of(slice), cost = scenario.Cost.Of(slice), busy = Figure.ServerBusy.Of(slice) });
            Console.Error.WriteLine($"{scenario.Key} {proxy.Kind.Name}: {Show(scenario.Throughput, [slice])}, {Show(scenario.Cost, [slice])}");
        }
    }

    var baseline = slices[ProxyKind.HaProxy];
    foreach (var (kind, own) in slices)
    {
        table.Add(
            scenario.Title,
            scenario.IsPinned ? "apart" : "free",
            kind.Name,
            Show(scenario.Throughput, own),
            scenario.Throughput.Ratio(own, baseline),
            Show(scenario.Cost, own),
            scenario.Cost.Ratio(own, baseline),
            ResultTable.Number(Statistics.Median(own.Select(Figure.ServerBusy.Of)), Figure.ServerBusy.Format));
    }
}

static string Show(Figure figure, IEnumerable<Slice> slices) => $"{ResultTable.Number(Statistics.Median(slices.Select(figure.Of)), figure.Format)} {figure.Name}";
