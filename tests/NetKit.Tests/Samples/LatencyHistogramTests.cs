using NetKit.Samples;

namespace NetKit.Tests.Samples;

public sealed class LatencyHistogramTests
{
    private static readonly double[] s_percents = [0.001, 1, 50, 90, 99, 99.9, 99.99, 100];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1_000)]
    [InlineData(100_000)]
    public void Percentiles_are_those_of_the_sorted_latencies_rounded_up_by_a_64th_at_most(int count)
    {
        var random = new Random(count);
        var histogram = new LatencyHistogram();
        var latencies = new long[count];
        for (var i = 0; i < count; i++)
        {
            // From 100 ns to a day, every order of magnitude alike.
            latencies[i] = (long)Math.Pow(10, random.NextDouble() * 12);
            histogram.Record(new TimeSpan(latencies[i]));
        }

        Array.Sort(latencies);
        Assert.Equal(count, histogram.Count);
        Assert.All(s_percents, percent =>
        {
            var exact = latencies[(int)Math.Ceiling(count * percent / 100) - 1];
            Assert.InRange(histogram.Percentile(percent).Ticks, exact, exact + (exact / 64));
        });
        Assert.Equal(latencies[^1], histogram.Percentile(100).Ticks);
    }

    [Fact]
    public void Extremes_have_their_place()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, histogram.Percentile(100));
        histogram.Record(TimeSpan.MaxValue);
        Assert.Equal(TimeSpan.MaxValue, histogram.Percentile(100));
        Assert.Equal(TimeSpan.Zero, histogram.Percentile(50));
    }

    [Fact]
    public void What_cannot_be_is_not_counted() =>
        Assert.Throws<ArgumentOutOfRangeException>(static () => new LatencyHistogram().Record(TimeSpan.FromTicks(-1)));

    [Fact]
    public void Sum_counts_what_the_parts_counted()
    {
        var (first, second) = (new LatencyHistogram(), new LatencyHistogram());
        first.Record(TimeSpan.FromMicroseconds(5));
        second.Record(TimeSpan.FromMicroseconds(7));
        second.Record(TimeSpan.FromMicroseconds(9));

        var sum = LatencyHistogram.Sum([first, second]);

        Assert.Equal(3, sum.Count);
        Assert.Equal(TimeSpan.FromMicroseconds(7), sum.Percentile(50));
        Assert.Equal(TimeSpan.FromMicroseconds(9), sum.Percentile(100));
    }

    [Fact]
    public void Nothing_recorded_is_zero() => Assert.Equal(TimeSpan.Zero, new LatencyHistogram().Percentile(99));
}
