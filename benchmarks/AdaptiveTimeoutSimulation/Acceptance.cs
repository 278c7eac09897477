namespace NetKit.Simulation;

/// <summary>What NetKit's timeout must achieve, on every model of latency and every rate of loss.</summary>
internal static class Acceptance
{
    // Twice what the quantile leaves out.
    public static double FalseTimeoutRate { get; } = Math.Max(0.002, 2 * (1 - new AdaptiveTimeoutOptions().Quantile));

    public const double DetectionOfOracle = 3;
    public const double Detection = 5.0 / 5; // a fifth of what a fixed 5 s takes
    public const double Turns = 4;
    public const double Amplification = 1.10;
    public const double Ratchet = 0.05;

    public static IEnumerable<string> FailuresOf(OpenLoopCase netKit, OpenLoopCase oracle)
    {
        var what = FormattableString.Invariant($"{netKit.Model.Name}, loss {100 * netKit.Loss:0.0} %");
        if (netKit.Result.FalseTimeoutRate > FalseTimeoutRate)
        {
            yield return FormattableString.Invariant($"{what}: {netKit.Result.FalseTimeoutRate:P3} false timeouts, above {FalseTimeoutRate:P1}");
        }

        if (netKit.MeanDetection > DetectionOfOracle * oracle.MeanDetection || netKit.LateDetection > DetectionOfOracle * oracle.LateDetection)
        {
            yield return FormattableString.Invariant($"{what}: a black hole is noticed after {netKit.MeanDetection:0.000} s, p99 {netKit.LateDetection:0.000} s; the oracle takes {oracle.MeanDetection:0.000} s and {oracle.LateDetection:0.000} s");
        }

        if (netKit.MeanDetection > Detection)
        {
            yield return FormattableString.Invariant($"{what}: a black hole is noticed after {netKit.MeanDetection:0.000} s, above {Detection:0.0} s");
        }

        if (netKit.Model.IsSteady && netKit.Result.TurnsPerMinute >= Turns)
        {
            yield return FormattableString.Invariant($"{what}: the timeout turns {netKit.Result.TurnsPerMinute:0.0} times a minute");
        }
    }

    public static IEnumerable<string> FailuresOf(StepCase step)
    {
        if (Math.Abs(step.Ratchet - 1) > Ratchet)
        {
            yield return FormattableString.Invariant($"After a step and back the timeout is {step.Ratchet:0.000} of what it was");
        }
    }

    public static IEnumerable<string> FailuresOf(ClosedLoopResult overload)
    {
        if (overload.Amplification > Amplification)
        {
            yield return FormattableString.Invariant($"Overload: {overload.Amplification:0.000} attempts a request, above {Amplification:0.00}");
        }

        if (overload.Recovery is null)
        {
            yield return "Overload: the server never recovers";
        }
    }

    private static string Figures(OpenLoopCase netKit, OpenLoopCase oracle) => FormattableString.Invariant(
        $"{netKit.Model.Name,-32} loss {100 * netKit.Loss:0.0} %: false timeouts {100 * netKit.Result.FalseTimeoutRate:0.000} % (limit {100 * FalseTimeoutRate:0.0} %), black hole noticed after {netKit.MeanDetection:0.000} s, p99 {netKit.LateDetection:0.000} s (limits {Math.Min(Detection, DetectionOfOracle * oracle.MeanDetection):0.000} s, {DetectionOfOracle * oracle.LateDetection:0.000} s), ")
        + (netKit.Model.IsSteady ? FormattableString.Invariant($"{netKit.Result.TurnsPerMinute:0.0} turns a minute (below {Turns:0})") : "not steady");

    /// <summary>Runs all that is asked of NetKit, and nothing else.</summary>
    /// <param name="seeds">How many runs each figure comes from.</param>
    /// <param name="first">The first of their seeds: for runs that the defaults were not chosen by.</param>
    /// <param name="tell">Is told each figure and its limit; null when nobody wants to know.</param>
    /// <returns>What is not met.</returns>
    public static List<string> Check(int seeds, int first = 0, Action<string>? tell = null)
    {
        var cases =
            from model in LatencyModel.All
            from loss in OpenLoopCase.Losses
            select (model, loss);
        var runs = cases.AsParallel().AsOrdered()
            .Select(each => (
                NetKit: OpenLoopCase.Run(each.model, each.loss, "NetKit", seeds, first),
                Oracle: OpenLoopCase.Run(each.model, each.loss, TimeoutPolicy.OracleName, seeds, first)))
            .ToList();
        runs.ForEach(run => tell?.Invoke(Figures(run.NetKit, run.Oracle)));
        var failures = runs.SelectMany(static run => FailuresOf(run.NetKit, run.Oracle)).ToList();
        var step = StepCase.Run("NetKit", 4 * seeds, first);
        tell?.Invoke(FormattableString.Invariant($"Two windows after a step and back: {step.Ratchet:0.000} of before (limits {1 - Ratchet:0.00} and {1 + Ratchet:0.00})"));
        failures.AddRange(FailuresOf(step));
        for (var seed = first; seed < first + seeds; seed++)
        {
            var overload = ClosedLoop.Run("NetKit", hasBudget: true, seed);
            tell?.Invoke(FormattableString.Invariant($"Overload, seed {seed}: {overload.Amplification:0.000} attempts a request (limit {Amplification:0.00}), {(overload.Recovery is { } recovery ? $"recovers in {recovery} s" : "never recovers")}"));
            failures.AddRange(FailuresOf(overload));
        }

        return failures;
    }
}
