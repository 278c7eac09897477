using NetKit.Simulation;

namespace NetKit.Tests.Timing;

/// <summary>Holds the defaults to what the simulation in benchmarks/ claims for them, with two seeds of its six.</summary>
public sealed class AdaptiveTimeoutSimulationTests
{
    [Fact]
    public void It_meets_the_acceptance_on_every_model_of_latency_and_loss() => Assert.Empty(Acceptance.Check(seeds: 2));

    [Fact]
    public void A_simulation_is_the_same_each_time()
    {
        var setting = new OpenLoopSetting(Length: 30, Rate: 100, Loss: 0.01);
        var runs = Enumerable.Range(0, 2).Select(_ => OpenLoop.Run(LatencyModel.Step, "NetKit", setting, seed: 3)).ToArray();
        Assert.Equal(runs[0].Started, runs[1].Started);
        Assert.NotEqual(runs[0].Started, OpenLoop.Run(LatencyModel.Step, "NetKit", setting, seed: 4).Started);
    }

    [Theory]
    [InlineData("Fixed 250 ms")]
    [InlineData("Fixed 5 s")]
    [InlineData("RFC 6298")]
    public void The_acceptance_is_not_met_by_just_any_timeout(string policy)
    {
        var missed = LatencyModel.All.SelectMany(model => Acceptance.FailuresOf(
            OpenLoopCase.Run(model, 0, policy, seeds: 1), OpenLoopCase.Run(model, 0, TimeoutPolicy.OracleName, seeds: 1)));
        Assert.NotEmpty(missed);
    }

    [Fact]
    public void An_overload_without_a_retry_budget_ends_where_a_fixed_timeout_goes_on_for_good()
    {
        Assert.InRange(ClosedLoop.Run("NetKit", hasBudget: false, seed: 0).Recovery ?? int.MaxValue, 0, 10);
        Assert.Null(ClosedLoop.Run("Fixed 250 ms", hasBudget: false, seed: 0).Recovery);
    }
}
