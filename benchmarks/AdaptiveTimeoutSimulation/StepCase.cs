namespace NetKit.Simulation;

/// <summary>How a policy's timeout moves when latency rises tenfold and falls back.</summary>
/// <param name="Policy">Which.</param>
/// <param name="Timeouts">The timeout ten times a second, the mean of the runs.</param>
internal sealed record StepCase(string Policy, double[] Timeouts)
{
    public static StepCase Run(string policy, int seeds, int first = 0)
    {
        var setting = new OpenLoopSetting(OpenLoopCase.Length, OpenLoopCase.Rate, 0);
        var runs = Enumerable.Range(first, seeds).Select(seed => OpenLoop.Run(LatencyModel.Step, policy, setting, seed).Timeouts).ToArray();
        return new StepCase(policy, [.. Enumerable.Range(0, runs[0].Count).Select(sample => runs.Average(run => run[sample]))]);
    }

    /// <summary>The half minute before the step.</summary>
    public double Before => Mean(LatencyModel.StepAt - 30, LatencyModel.StepAt);

    /// <summary>The minute that begins two windows after the step back, in parts of that before.</summary>
    public double Ratchet => Mean(LatencyModel.StepBackAt + 120, LatencyModel.StepBackAt + 180) / Before;

    /// <summary>Seconds until it covers 99 % of the attempts of the slow time for the first time; null for never.</summary>
    public double? Up => Until(LatencyModel.StepAt, LatencyModel.StepBackAt, IsLongEnough);

    /// <summary>Seconds until it covers them and does so for as long as they last; null for never.</summary>
    public double? UpForGood
    {
        get
        {
            var (from, to) = ((int)(LatencyModel.StepAt * 10), (int)(LatencyModel.StepBackAt * 10));
            var lastShort = Array.FindLastIndex(Timeouts, to - 1, to - from, static timeout => !IsLongEnough(timeout));
            return lastShort == to - 1 ? null : Math.Max(0, ((lastShort + 1) / 10.0) - LatencyModel.StepAt);
        }
    }

    /// <summary>Seconds until it is back within a tenth of what it was before; null for never.</summary>
    public double? Down => Until(LatencyModel.StepBackAt, OpenLoopCase.Length, timeout => timeout <= 1.1 * Before);

    private static bool IsLongEnough(double timeout) => timeout >= 0.1 * Math.Exp(0.5 * 2.3263);

    private double Mean(double from, double to) => Timeouts[(int)(from * 10)..(int)(to * 10)].Average();

    private double? Until(double from, double to, Predicate<double> isThere)
    {
        var sample = Array.FindIndex(Timeouts, (int)(from * 10), (int)((to - from) * 10), isThere);
        return sample < 0 ? null : (sample / 10.0) - from;
    }
}
