using System.Globalization;
using CsCheck;

namespace NetKit.Tests.Pooling.Core;

/// <summary>Holds the core to the naive model, for random lives of a pool. NETKIT_POOL_CASES sets how many; a failure prints its seed.</summary>
public sealed class ModelTests
{
    private static readonly long s_cases =
        long.Parse(Environment.GetEnvironmentVariable("NETKIT_POOL_CASES") ?? "3000", CultureInfo.InvariantCulture);

    [Fact]
    public void The_core_does_what_the_naive_model_says_in_any_life_of_a_pool() =>
        CoreCase.Gen.Sample(static life => new ModelRun(life.Options).Run(life.Steps), iter: s_cases, print: CoreCase.Print);

    [Fact]
    public void A_long_life_in_which_each_step_follows_each_other_goes_as_the_naive_model_says()
    {
        // One long life beside the random ones: each step follows each other.
        var steps = Enum.GetValues<CoreStep>().Where(static step => step != CoreStep.Dispose).ToArray();
        var pairs = from first in steps from second in steps from step in new[] { first, second } select step;
        var options = new ConnectionPoolOptions { MaxConnections = 3, MaxWaiters = 5, IdleTimeout = TimeSpan.FromSeconds(4) };
        new ModelRun(options).Run([.. pairs.Select(static (step, index) => (step, index * 7))]);
    }
}
