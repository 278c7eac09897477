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

    /// <summary>Runs all that is asked of NetKit, and nothing else.</summary>
    /// <param name="seeds">How many runs each figure comes from.</param>
    /// <param name="first">The first of their seeds: for runs that the defaults were not chosen by.</param>
    public static List<string> Check(int seeds, int first = 0)
    {
        var cases =
            from model in LatencyModel.All
            from loss in OpenLoopCase.Losses
            select (model, loss);
        var failures = cases.AsParallel().AsOrdered()
            .SelectMany(each => FailuresOf(
                OpenLoopCase.Run(each.model, each.loss, "NetKit", seeds, first), OpenLoopCase.Run(each.model, each.loss, TimeoutPolicy.OracleName, seeds, first)))
            .ToList();
        failures.AddRange(FailuresOf(StepCase.Run("NetKit", 4 * seeds, first)));
        for (var seed = first; seed < first + seeds; seed++)
        {
            failures.AddRange(FailuresOf(ClosedLoop.Run("NetKit", hasBudget: true, seed)));
        }

        return failures;
    }
}
