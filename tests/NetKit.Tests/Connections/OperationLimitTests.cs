using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Connections;

public sealed class OperationLimitTests
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_is_cancelled_by_either_token(bool byCaller)
    {
        using CancellationTokenSource pause = new(), caller = new();
        using var limit = OperationLimit.Start(s_timeout, DeadlineScheduler.For(_clock), pause.Token, caller.Token);
        Assert.False(limit.Token.IsCancellationRequested);
        (byCaller ? caller : pause).Cancel();
        Assert.True(limit.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task It_is_cancelled_when_the_time_is_over_and_not_before()
    {
        using var limit = OperationLimit.Start(s_timeout, DeadlineScheduler.For(_clock), CancellationToken.None, CancellationToken.None);
        _clock.Advance(s_timeout - TimeSpan.FromTicks(1));
        Assert.False(limit.Token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromTicks(1));
        await Eventually.True(() => limit.Token.IsCancellationRequested, "cancelled");
    }

    [Fact]
    public async Task Of_an_operation_that_has_ended_nothing_is_left_in_its_tokens_or_on_the_clock()
    {
        using CancellationTokenSource pause = new(), caller = new();
        var limit = OperationLimit.Start(s_timeout, DeadlineScheduler.For(_clock), pause.Token, caller.Token);
        limit.Dispose();
        await pause.CancelAsync();
        await caller.CancelAsync();
        _clock.Advance(s_timeout);
        Assert.False(limit.Token.IsCancellationRequested);
    }
}
