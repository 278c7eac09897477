namespace NetKit.Tests.Serving;

public sealed class MinDataRateTests
{
    [Fact]
    public void A_rate_is_what_it_was_made_of()
    {
        var rate = new MinDataRate(0.5, TimeSpan.FromSeconds(3));
        Assert.Equal(0.5, rate.BytesPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(3), rate.GracePeriod);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Bytes_per_second_that_are_none_are_refused_by_name(double bytesPerSecond)
    {
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => new MinDataRate(bytesPerSecond, TimeSpan.FromSeconds(1)));
        Assert.Equal("bytesPerSecond", exception.ParamName);
        Assert.Equal(bytesPerSecond, exception.ActualValue);
        Assert.Contains("MinDataRate.bytesPerSecond must be", exception.Message, StringComparison.Ordinal);
    }

    public static TheoryData<TimeSpan> WrongGracePeriods => new(
        TimeSpan.Zero, Timeout.InfiniteTimeSpan, TimeSpan.FromMilliseconds(100) - TimeSpan.FromTicks(1), TimeSpan.FromDays(1) + TimeSpan.FromTicks(1));

    [Theory]
    [MemberData(nameof(WrongGracePeriods))]
    public void A_grace_period_out_of_range_is_refused_by_name(TimeSpan gracePeriod)
    {
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => new MinDataRate(1, gracePeriod));
        Assert.Equal("gracePeriod", exception.ParamName);
        Assert.Equal(gracePeriod, exception.ActualValue);
    }
}
