using System.Diagnostics;

namespace NetKit.Tests.Timing;

[Collection(nameof(Alone))]
public sealed class MonotonicClockTests
{
    // One coarse reading stands for both clocks at once: the cheap test must agree with the exact one at every moment.
    [Fact]
    public void The_cheap_look_at_the_clock_agrees_with_the_exact_one()
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(300))
        {
            var before = MonotonicClock.Now(null);
            Assert.True(MonotonicClock.HasReached(null, before), "an instant of the past was not reached");
            Assert.False(MonotonicClock.HasReached(null, MonotonicClock.After(null, TimeSpan.TicksPerHour)));
        }
    }

    [Fact]
    public void A_long_timeout_is_never_shortened_by_the_coarse_clock()
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(300))
        {
            var before = MonotonicClock.Now(null);
            var instant = MonotonicClock.After(null, TimeSpan.TicksPerSecond);
            Assert.True(instant - before >= TimeSpan.TicksPerSecond, $"short by {TimeSpan.TicksPerSecond - (instant - before)} ticks of 100 ns");
        }
    }

    [Fact]
    public void A_provider_s_clock_is_read_in_ticks_whatever_its_frequency()
    {
        Assert.Equal(TimeSpan.TicksPerSecond, MonotonicClock.Now(new ManualClock(1_000, 1_000)));
        Assert.Equal(TimeSpan.TicksPerSecond, MonotonicClock.Now(new ManualClock(1_000_000_000, 1_000_000_000)));
        Assert.Equal(TimeSpan.TicksPerSecond, MonotonicClock.Now(new ManualClock(3_579_545, 3_579_545)));
        Assert.Equal(-TimeSpan.TicksPerSecond, MonotonicClock.Now(new ManualClock(-1_000, 1_000)));
    }
}
