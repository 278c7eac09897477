namespace NetKit.Tests.Timing;

/// <summary>What nobody waits for any more may fail, and nobody is troubled by it.</summary>
public sealed class AbandonedTaskTests
{
    [Fact]
    public void What_an_abandoned_task_fails_with_is_observed()
    {
        using var failure = new LateFailure();
        failure.ComeAsync<int>().Abandon();
        failure.AssertObserved();
    }

    [Fact]
    public async Task Callbacks_that_throw_on_a_source_that_is_cancelled_elsewhere_are_observed()
    {
        using var failure = new LateFailure();
        using var source = new CancellationTokenSource();
        await using var registration = source.Token.UnsafeRegister(static failure => ((LateFailure)failure!).Throw(), failure);
        source.CancelAsync().Abandon();
        await failure.IsThrownAsync();
        failure.AssertObserved();
    }

    [Fact]
    public async Task Who_waits_for_as_long_as_there_is_time_gets_the_result_or_the_failure()
    {
        Assert.Equal(1, await Task.FromResult(1).WaitOrAbandonAsync(TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<FormatException>(() => Task.FromException<int>(new FormatException()).WaitOrAbandonAsync(TestContext.Current.CancellationToken));
    }
}
