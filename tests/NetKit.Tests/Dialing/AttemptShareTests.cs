namespace NetKit.Tests.Dialing;

public sealed class AttemptShareTests
{
    // In a single lane these are the rules of Go's dialer.
    [Theory]
    [InlineData(12, 1, 1, 12)]
    [InlineData(12, 2, 1, 6)]
    [InlineData(12, 3, 1, 4)]
    [InlineData(12, 999, 1, 2)]
    [InlineData(1.9, 999, 1, 1.9)]
    [InlineData(1.9, 1, 1, 1.9)]
    [InlineData(0, 3, 1, 0)]
    [InlineData(12, 1, 4, 12)]
    [InlineData(12, 4, 4, 12)]
    [InlineData(12, 5, 4, 6)]
    [InlineData(12, 8, 4, 6)]
    [InlineData(12, 9, 4, 4)]
    [InlineData(12, 999, 4, 2)]
    [InlineData(1.9, 999, 4, 1.9)]
    public void The_time_that_is_left_is_shared_by_rounds_but_two_seconds_are_the_least(
        double remaining, int left, int lanes, double share) =>
        Assert.Equal(TimeSpan.FromSeconds(share), AttemptShare.Of(TimeSpan.FromSeconds(remaining), left, lanes));

    [Fact]
    public void Without_a_limit_nobody_is_cut_short_who_keeps_nobody_waiting() =>
        Assert.Equal(TimeSpan.MaxValue, AttemptShare.Of(TimeSpan.MaxValue, 4, 4));
}
