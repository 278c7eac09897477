using NetKit;
using NetKit.Benchmarks;
using NetKit.Tests;
using Polly;
using Polly.Retry;

// How 1,000 clients that lost their server in one instant come back to it. Simulated: the same every time, on every machine.
const int Clients = 1_000;
const int MostPlotted = 200;
const string Usage = """
    Usage: RetryLockstep

      Runs the simulation, and writes its table and plot, retry-lockstep.*, into benchmarks/results.
    """;

var arguments = new Arguments(args);
if (arguments.AskForHelp)
{
    Console.WriteLine(Usage);
    return 0;
}

if (arguments.FindMistake([]) is { } mistake)
{
    Console.Error.WriteLine($"RetryLockstep: {mistake} See --help.");
    return 2;
}

var outage = TimeSpan.FromSeconds(12);
var piece = TimeSpan.FromMilliseconds(100);
var end = outage + TimeSpan.FromSeconds(3);

var runs = new (string Way, Outage Outage)[]
{
    ("no jitter", Outage.Run(Clients, outage, (inner, clock, _) => ByPolly(inner, clock, DelayBackoffType.Exponential, useJitter: false))),
    ("a constant wait", Outage.Run(Clients, outage, (inner, clock, _) => ByPolly(inner, clock, DelayBackoffType.Constant, useJitter: false))),
    ("Polly with jitter", Outage.Run(Clients, outage, (inner, clock, client) => ByPolly(inner, clock, DelayBackoffType.Exponential, useJitter: true, client))),
    ("NetKit", Outage.Run(Clients, outage, (inner, clock, client) => new RetryingDialer(inner, Options(), null, clock, new Random(client)))),
};

var table = new ResultTable(
    "retry-lockstep", "Retries", "Attempts a client", "Chi-square of the last 4 s down", "Most attempts in 10 ms, down", "Most clients back in 10 ms", "Last client back after ms");
foreach (var (way, run) in runs)
{
    var settled = outage - TimeSpan.FromSeconds(4);
    table.Add(
        way,
        ResultTable.Number((double)run.Attempts.Count / Clients, "N1"),
        ResultTable.Number(ChiSquare.OfEven(Outage.Count(run.Attempts, settled, outage, piece))),
        ResultTable.Number(Outage.Count(run.Attempts, settled, outage, piece / 10).Max()),
        ResultTable.Number(Outage.Count(run.Returns, outage, end, piece / 10).Max()),
        ResultTable.Number((run.Returns.Max() - outage).TotalMilliseconds));
}

table.Note(
    $"{Clients:N0} clients whose server refuses for {outage.TotalSeconds:0} s. All wait 50 ms at first, doubling, 2 s at most; the constant wait is 2 s. "
    + "Chi-square compares the attempts in 40 pieces of 100 ms with an even spread: below 72 is as even as chance (99.9 %).");
table.Save(arguments.Command("RetryLockstep"));
var from = TimeSpan.FromSeconds(3);
LinePlot.Save(
    "retry-lockstep",
    $"Attempts in 100 ms; the server is back after {outage.TotalSeconds:0} s. Cut at {MostPlotted}: the peaks without jitter are {Clients:N0}",
    [.. Enumerable.Range((int)(from / piece), (int)((end - from) / piece)).Select(index => index % 10 == 0 ? $"{index / 10} s" : "")],
    [.. runs.Select(run => (run.Way, Array.ConvertAll(Outage.Count(run.Outage.Attempts, from, end, piece), count => (double)count)))],
    MostPlotted);
return 0;

static RetryOptions Options() => new() { MaxRetryAttempts = int.MaxValue };

static RetryingDialer ByPolly(IDialer inner, TimeProvider clock, DelayBackoffType type, bool useJitter, int seed = 0)
{
    var random = new Random(seed);
    var ours = Options();
    return new RetryingDialer(inner, new ResiliencePipelineBuilder { TimeProvider = clock }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = ours.MaxRetryAttempts,
            BackoffType = type,
            UseJitter = useJitter,
            Delay = type == DelayBackoffType.Constant ? ours.MaxDelay : ours.Delay,
            MaxDelay = ours.MaxDelay,
            Randomizer = random.NextDouble,
        })
        .Build());
}
