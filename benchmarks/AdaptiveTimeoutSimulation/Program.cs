using NetKit.Benchmarks;
using NetKit.Simulation;

var arguments = new Arguments(args);
var seeds = arguments.Number("seeds", 6);
if (!arguments.Has("check"))
{
    Report.Write(seeds, arguments.Command("AdaptiveTimeoutSimulation"));
    return 0;
}

var failures = Acceptance.Check(seeds, arguments.Number("first", 0));
failures.ForEach(Console.WriteLine);
Console.WriteLine(failures.Count == 0 ? "All is met." : $"{failures.Count} not met.");
return failures.Count == 0 ? 0 : 1;
