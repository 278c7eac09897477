using System.Runtime;
using NetKit.Tests.Stress;

// Long, random or measuring checks of the event engine, each a process of its own that ends by itself. Prints how it goes,
// and a last line of figures; the exit code is 1 when something was found.
const string Usage = """
    storm --cycles 10000 --threads 8 --seed S           open, exchange, cut and close: no byte or event goes astray, nothing leaks
    hunt --seconds 600 --connections 2000 --threads 8 --seed S
                                                        do anything to connections from all threads: nothing stands still for a
                                                        second, every byte is accounted for, nothing leaks
    block --connections 100 --crowd 200 --seconds 20    block and burn in one handler of a hundred, then in 200 at once: the others
                                                        are answered (p99 below --bound 0.02 s), and the server comes to rest again
    idle --connections 10000 --seconds 10               hold idle connections under far deadlines: no wake-up at all
    """;

Console.WriteLine(
    $"{string.Join(' ', args)}: {Environment.ProcessorCount} core(s), {(GCSettings.IsServerGC ? "server" : "workstation")} GC, "
    + $".NET {Environment.Version}, Linux {Environment.OSVersion.Version}");
var options = new Arguments(args);
return args switch
{
    ["storm", ..] => await Storm.RunAsync(options),
    ["hunt", ..] => await Hunt.RunAsync(options),
    ["block", ..] => await Block.RunAsync(options),
    ["block-clients", ..] => await BlockClients.RunAsync(options),
    ["idle", ..] => await Idle.RunAsync(options),
    ["idle-clients", ..] => await IdleClients.RunAsync(options),
    _ => Complain(),
};

static int Complain()
{
    Console.WriteLine(Usage);
    return 2;
}
