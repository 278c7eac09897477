using NetKit.Benchmarks;
using NetKit.Simulation;

const string Usage = """
    Usage: AdaptiveTimeoutSimulation [options]

      Runs everything, and writes the tables and the plot into benchmarks/results.

      --check      compares NetKit alone with what is asked of it, and writes nothing
      --seeds 6    how many runs each figure is made of; default 6. Fewer are quicker; the limits are meant for two and more
      --first 0    with --check: the first of the seeds; default 0
    """;

var arguments = new Arguments(args);
if (arguments.AskForHelp)
{
    Console.WriteLine(Usage);
    return 0;
}

var mistake = arguments.FindMistake(["--check"], ("--seeds", 1), ("--first", 0));
if ((mistake ?? (arguments.Has("first") && !arguments.Has("check") ? "--first belongs to --check." : null)) is { } complaint)
{
    Console.Error.WriteLine($"AdaptiveTimeoutSimulation: {complaint} See --help.");
    return 2;
}

var seeds = arguments.Number("seeds", 6);
if (!arguments.Has("check"))
{
    Report.Write(seeds, arguments.Command("AdaptiveTimeoutSimulation"));
    return 0;
}

var failures = Acceptance.Check(seeds, arguments.Number("first", 0), Console.WriteLine);
failures.ForEach(Console.WriteLine);
Console.WriteLine(failures.Count == 0 ? "All is met." : $"{failures.Count} not met.");
return failures.Count == 0 ? 0 : 1;
