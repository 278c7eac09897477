using CsCheck;

namespace NetKit.Tests.Dialing;

public sealed class BackoffTests
{
    private static readonly TimeSpan s_floor = TimeSpan.FromMilliseconds(10);

    // Everything that the options let through, and more: waits up to the end of time, absurd multipliers, endless retries.
    private static readonly Gen<(TimeSpan Delay, double Multiplier, TimeSpan MaxDelay, int Retry)> s_absurd =
        from maxDelay in Gen.Long[0, TimeSpan.MaxValue.Ticks]
        from delay in Gen.Long[0, maxDelay]
        from multiplier in Gen.OneOf(Gen.Double[1, 10], Gen.Double[1, double.MaxValue])
        from retry in Gen.OneOf(Gen.Int[0, 20], Gen.Int[0, int.MaxValue])
        select (TimeSpan.FromTicks(delay), multiplier, TimeSpan.FromTicks(maxDelay), retry);

    [Fact]
    public void Wait_is_between_its_floor_and_its_ceiling_and_the_ceiling_below_the_cap() =>
        Gen.Select(s_absurd, Gen.Double[0, 1]).Sample((backoff, random) =>
        {
            var (delay, multiplier, maxDelay, retry) = backoff;
            var tested = new Backoff(delay, multiplier, maxDelay);
            var (floor, next, ceiling) = (tested.Floor(retry), tested.Next(retry, random), tested.Ceiling(retry));

            Assert.InRange(ceiling, delay, maxDelay);
            Assert.InRange(next, floor, ceiling);
            Assert.InRange(floor, TimeSpan.Zero, s_floor);
        });

    [Fact]
    public void Ceiling_never_shrinks_from_retry_to_retry() =>
        s_absurd.Sample(backoff =>
        {
            var tested = new Backoff(backoff.Delay, backoff.Multiplier, backoff.MaxDelay);
            Assert.True(backoff.Retry == 0 || tested.Ceiling(backoff.Retry) >= tested.Ceiling(backoff.Retry - 1));
        });

    [Fact]
    public void Ceiling_doubles_up_to_the_cap()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), 2, TimeSpan.FromSeconds(2));
        Assert.Equal(
            [50, 100, 200, 400, 800, 1600, 2000, 2000],
            Enumerable.Range(0, 8).Select(retry => backoff.Ceiling(retry).TotalMilliseconds));
    }

    [Fact]
    public void Short_range_keeps_four_fifths_of_itself()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(1), new Backoff(TimeSpan.FromMilliseconds(5), 1, TimeSpan.FromSeconds(1)).Floor(0));
        Assert.Equal(s_floor, new Backoff(TimeSpan.FromMilliseconds(50), 1, TimeSpan.FromSeconds(1)).Floor(0));
        Assert.Equal(s_floor, new Backoff(TimeSpan.FromSeconds(1), 1, TimeSpan.FromSeconds(1)).Floor(0));
    }

    [Fact]
    public void Delay_of_zero_stays_zero() =>
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Double[0, 1]).Sample((retry, random) =>
            Assert.Equal(TimeSpan.Zero, new Backoff(TimeSpan.Zero, double.MaxValue, TimeSpan.FromDays(1)).Next(retry, random)));

    // Retry 0 is below the cap, 30 far beyond it: the draw must be as even there, with no heap at either end.
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(30)]
    public void Waits_are_spread_evenly_over_the_range_also_at_the_cap(int retry)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), 2, TimeSpan.FromSeconds(2));
        var random = new Random(20_261);
        var buckets = new int[20];
        var (floor, range) = (backoff.Floor(retry), backoff.Ceiling(retry) - backoff.Floor(retry));
        for (var times = 0; times < 20_000; times++)
        {
            buckets[(int)((backoff.Next(retry, random.NextDouble()) - floor) / range * buckets.Length)]++;
        }

        // The 99.9th percentile of chi-square with 19 degrees of freedom is 43.8.
        Assert.True(ChiSquare.OfEven(buckets) < 43.8, string.Join(' ', buckets));
    }
}
