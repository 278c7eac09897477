namespace NetKit.Simulation;

/// <summary>One policy at one model of latency and one rate of loss: the sum of its runs.</summary>
internal sealed record OpenLoopCase(LatencyModel Model, double Loss, string Policy, OpenLoopResult Result)
{
    public const double Length = 360;
    public const double Rate = 100;

    public static double[] Losses { get; } = [0, 0.001, 0.01];

    public double MeanDetection { get; } = Result.Detections.Average();

    public double LateDetection { get; } = Quantiles.Of(Result.Detections, 0.99);

    public static OpenLoopCase Run(LatencyModel model, double loss, string policy, int seeds, int first = 0)
    {
        var setting = new OpenLoopSetting(Length, Rate, loss);
        var runs = Enumerable.Range(first, seeds).Select(seed => OpenLoop.Run(model, policy, setting, seed).Finish());
        return new OpenLoopCase(model, loss, policy, OpenLoopResult.Sum([.. runs]));
    }
}
