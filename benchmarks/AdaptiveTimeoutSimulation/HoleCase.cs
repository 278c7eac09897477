namespace NetKit.Simulation;

/// <summary>How a policy lives through half a minute in which everything sent is lost.</summary>
internal sealed record HoleCase(string Policy, double Detection, long Attempts, double Longest, double? Recovery)
{
    private const double From = 120;
    private const double To = 150;

    public static HoleCase Run(string policy)
    {
        var setting = new OpenLoopSetting(OpenLoopCase.Length, OpenLoopCase.Rate, 0) { Hole = (From, To) };
        var run = OpenLoop.Run(LatencyModel.All[1], policy, setting, seed: 0);
        var lost = run.Started.Where(attempt => setting.IsHole(attempt.Began)).ToArray();
        var before = run.Timeouts[(int)(From * 10)];
        var back = run.Timeouts.FindIndex((int)(To * 10), timeout => timeout <= 1.1 * before);
        return new HoleCase(
            policy,
            lost.Min(static attempt => attempt.Began + attempt.Limit) - From,
            lost.Length,
            lost.Max(static attempt => attempt.Limit),
            back < 0 ? null : (back / 10.0) - To);
    }
}
