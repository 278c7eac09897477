using System.Globalization;
using NetKit.Benchmarks;

namespace NetKit.Simulation;

/// <summary>Runs everything and writes the tables and the plot.</summary>
internal static class Report
{
    public static void Write(int seeds, string command)
    {
        var cases = new CaseTable(RunCases(seeds));
        var steps = TimeoutPolicy.Names.Select(policy => StepCase.Run(policy, 4 * seeds)).ToArray();
        WriteSummary(cases, command);
        WriteCases(cases, seeds, command);
        WriteByCase(cases, "adaptive-timeout-false", static (each, _) => Percent(each.Result.FalseTimeoutRate), s_falseNote, command);
        WriteByCase(cases, "adaptive-timeout-detection", static (each, oracle) => Detection(each, oracle), DetectionNote, command);
        WriteSteps(steps, command);
        WriteHoles(command);
        WriteOverloads(command);
        TimePlot.Save(
            "adaptive-timeout-step",
            "Timeout in ms, on a logarithmic axis, while latency rises tenfold at 60 s and falls back at 180 s",
            [.. steps.Where(static step => step.Policy is "NetKit" or TimeoutPolicy.OracleName or "RFC 6298" or "Restate").Select(static step => (step.Policy, step.Timeouts))]);
    }

    private static readonly string s_falseNote = FormattableString.Invariant(
        $"Attempts that were given up although they would have completed, of all that would have; the acceptance is {100 * Acceptance.FalseTimeoutRate:0.0} %. An attempt every 10 ms on average, for six minutes, cold start included.");

    private const string DetectionNote =
        "Milliseconds from the beginning of a black hole until the first attempt sent into it is given up, the wait for that attempt included: the mean over holes that begin at each tenth of a second from the second minute on; and in brackets how many times that of the oracle.";

    private static List<OpenLoopCase> RunCases(int seeds)
    {
        var cases =
            from model in LatencyModel.All
            from loss in OpenLoopCase.Losses
            from policy in TimeoutPolicy.Names
            select (model, loss, policy);
        return [.. cases.AsParallel().AsOrdered().Select(each => OpenLoopCase.Run(each.model, each.loss, each.policy, seeds))];
    }

    private static void WriteSummary(CaseTable cases, string command)
    {
        var table = new ResultTable(
            "adaptive-timeout", "Timeout", "False timeouts, worst case", "Black hole noticed, mean ms (worst case)", "Of the oracle's time, mean (worst case)", "Direction changes a minute, worst steady case", "After an overload, with retries and no budget");
        foreach (var policy in TimeoutPolicy.Names)
        {
            var own = cases.Of(policy);
            var relative = own.Select(each => each.MeanDetection / cases.OracleOf(each).MeanDetection).ToArray();
            table.Add(
                policy,
                Percent(own.Max(static each => each.Result.FalseTimeoutRate)),
                $"{Milliseconds(own.Average(static each => each.MeanDetection))} ({Milliseconds(own.Max(static each => each.MeanDetection))})",
                $"{Ratio(relative.Average())} ({Ratio(relative.Max())})",
                Number(own.Where(static each => each.Model.IsSteady).Max(static each => each.Result.TurnsPerMinute), "0.0"),
                policy == TimeoutPolicy.OracleName ? "" : Outcome(ClosedLoop.Run(policy, hasBudget: false, seed: 0)));
        }

        table.Note($"Ten models of latency, each with no loss, 0.1 % and 1 %: {cases.Count} cases. Simulated and seeded: the same on every machine.");
        table.Save(command);
    }

    private static void WriteCases(CaseTable cases, int seeds, string command)
    {
        var table = new ResultTable(
            "adaptive-timeout-all", "Latency", "Loss", "Timeout", "False timeouts", "Black hole noticed ms", "p99", "Of the oracle's", "Attempts a success", "Succeeded", "Successes/s", "p99 latency ms", "p99.9 latency ms", "Direction changes a minute");
        foreach (var each in cases.All)
        {
            var result = each.Result;
            table.Add(
                each.Model.Name,
                Loss(each),
                each.Policy,
                Percent(result.FalseTimeoutRate),
                Milliseconds(each.MeanDetection),
                Milliseconds(each.LateDetection),
                Ratio(each.MeanDetection / cases.OracleOf(each).MeanDetection),
                Number(result.Amplification, "0.000"),
                Number(100 * result.SucceededPart, "0.000") + " %",
                Number(result.Goodput, "0.0"),
                Milliseconds(result.Latency(0.99)),
                Milliseconds(result.Latency(0.999)),
                Number(result.TurnsPerMinute, "0.0"));
        }

        table.Note($"{OpenLoopCase.Rate:0} requests a second for {OpenLoopCase.Length:0} s, {seeds} seeds. Each is tried up to {OpenLoop.Attempts} times, at once after a timeout; its latency is that of all its attempts together.");
        table.Save(command);
    }

    private static void WriteByCase(CaseTable cases, string name, Func<OpenLoopCase, OpenLoopCase, string> cell, string note, string command)
    {
        var table = new ResultTable(name, ["Latency", "Loss", .. TimeoutPolicy.Names]);
        foreach (var row in cases.All.GroupBy(static each => (each.Model.Name, each.Loss)))
        {
            table.Add([row.Key.Name, Loss(row.First()), .. row.Select(each => cell(each, cases.OracleOf(each)))]);
        }

        table.Note(note);
        table.Save(command);
    }

    private static void WriteSteps(StepCase[] steps, string command)
    {
        var table = new ResultTable("adaptive-timeout-step", "Timeout", "Before ms", "Seconds until long enough", "Attempts until then", "Seconds until long enough for good", "Seconds until short again", "Two windows later, of before");
        foreach (var step in steps)
        {
            table.Add(
                step.Policy,
                Milliseconds(step.Before),
                step.Up is { } up ? Number(up, "0.0") : "never",
                step.Up is { } seconds ? Number(seconds * OpenLoopCase.Rate, "0") : "never",
                step.UpForGood is { } forGood ? Number(forGood, "0.0") : "never",
                step.Down is { } down ? Number(down, "0.0") : "never",
                Ratio(step.Ratchet));
        }

        table.Note("Latency, lognormal with sigma 0.5, rises tenfold at 60 s and falls back at 180 s. Long enough: covers 99 % of the slow attempts; for good: and goes below that no more while they are slow. The timeout is the mean of the runs. Short again: within a tenth of before.");
        table.Save(command);
    }

    private static void WriteHoles(string command)
    {
        var table = new ResultTable("adaptive-timeout-hole", "Timeout", "Noticed after ms", "Attempts sent into it", "Longest timeout meanwhile s", "Seconds until as before");
        foreach (var hole in TimeoutPolicy.Names.Select(HoleCase.Run))
        {
            table.Add(
                hole.Policy,
                Milliseconds(hole.Detection),
                Number(hole.Attempts, "N0"),
                Number(hole.Longest, "0.00"),
                hole.Recovery is { } recovery ? Number(recovery, "0.0") : "never");
        }

        table.Note("Latency, lognormal with sigma 1.0; all that is sent from 120 s to 150 s is lost. 100 requests a second, each tried up to three times.");
        table.Save(command);
    }

    private static void WriteOverloads(string command)
    {
        var table = new ResultTable("adaptive-timeout-overload", "Timeout", "Retries", "Attempts a request", "Answers/s before", "Answers/s at the end", "Seconds to recover", "p99 latency ms", "p99.9 latency ms");
        foreach (var policy in TimeoutPolicy.Names.Where(static name => name != TimeoutPolicy.OracleName))
        {
            foreach (var hasBudget in new[] { false, true })
            {
                var run = ClosedLoop.Run(policy, hasBudget, seed: 0);
                table.Add(
                    policy,
                    hasBudget ? "budget" : "up to 3",
                    Number(run.Amplification, "0.000"),
                    Number(run.Before, "0"),
                    Number(run.AtTheEnd, "0"),
                    run.Recovery is { } recovery ? Number(recovery, "0") : "never",
                    Milliseconds(Quantiles.Of(run.Latencies, 0.99)),
                    Milliseconds(Quantiles.Of(run.Latencies, 0.999)));
            }
        }

        table.Note("1,000 clients ask a server for 500 answers a second, of the 800 it can give; from 60 s to 70 s it is ten times slower. It also does the work that nobody waits for any more. The budget allows a retry for each fifth request, and one a second. Latencies are those of the requests that were answered.");
        table.Save(command);
    }

    private static string Outcome(ClosedLoopResult run) => run.Recovery is { } recovery
        ? string.Create(CultureInfo.InvariantCulture, $"recovers in {recovery} s")
        : string.Create(CultureInfo.InvariantCulture, $"{run.AtTheEnd:0} of {run.Before:0} answers/s, for good");

    private static string Detection(OpenLoopCase each, OpenLoopCase oracle) =>
        $"{Milliseconds(each.MeanDetection)} ({Ratio(each.MeanDetection / oracle.MeanDetection)})";

    private static string Loss(OpenLoopCase each) => Number(100 * each.Loss, "0.0") + " %";

    private static string Percent(double part) => Number(100 * part, "0.000") + " %";

    private static string Milliseconds(double seconds) => Number(1000 * seconds);

    private static string Ratio(double ratio) => Number(ratio, "0.00");

    private static string Number(double value, string format = "N0") => ResultTable.Number(value, format);
}
