using NetKit.Benchmarks;

var arguments = new Arguments(args);
var scenarios = Named(Scenario.All, static scenario => scenario.Key, arguments.Text("scenario"));
var chosen = arguments.Text("peers") is { } keys ? Named(ServerKind.All, static kind => kind.Key, keys) : null;
if (arguments.Has("help") || scenarios is null || (arguments.Text("peers") is not null && chosen is null))
{
    Console.Error.WriteLine($"""
        usage: run [--scenario A,B] [--peers A,B] [--rounds N] [--seconds N] [--quick]
        scenarios: {string.Join(", ", Scenario.All.Select(static scenario => scenario.Key))}
        peers: {string.Join(", ", ServerKind.All.Select(static kind => kind.Key))}
        """);
    return 2;
}

var effort = Effort.From(arguments);
var failed = false;
foreach (var scenario in scenarios)
{
    var kinds = chosen ?? scenario.Servers;
    try
    {
        var comparison = new Comparison(scenario, kinds, effort);
        comparison.Run();
        Report.Save(scenario, kinds, comparison, effort, arguments.CommandOf("benchmarks/Comparison/run"));
    }
    catch (InvalidOperationException exception)
    {
        Console.Error.WriteLine($"{scenario.Key}: {exception.Message}");
        failed = true;
    }
}

Summary.Save();
return failed ? 1 : 0;

// All where none are named; null where a name is unknown.
static T[]? Named<T>(T[] all, Func<T, string> key, string? names)
    where T : class
{
    var wanted = names?.Split(',') ?? [.. all.Select(key)];
    T[] found = [.. wanted.SelectMany(name => all.Where(item => key(item) == name))];
    return found.Length == wanted.Length ? found : null;
}
