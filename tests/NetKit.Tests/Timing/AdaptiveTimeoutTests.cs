using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Timing;

/// <summary>How a timeout follows what it is told, on a clock of the test's own.</summary>
public sealed class AdaptiveTimeoutTests
{
    private static readonly AdaptiveTimeoutOptions s_options = new();

    private readonly FakeTimeProvider _time = new();
    private readonly AdaptiveTimeout _adaptive;
    private int _recorded;

    public AdaptiveTimeoutTests() => _adaptive = new AdaptiveTimeout(timeProvider: _time);

    [Fact]
    public void It_is_the_longest_until_enough_attempts_were_measured()
    {
        for (var times = 0; times < s_options.ColdStartSamples; times++)
        {
            Assert.Equal(s_options.Maximum, _adaptive.Current);
            _adaptive.Record(Milliseconds(20));
        }

        Assert.InRange(_adaptive.Current, Milliseconds(40), Milliseconds(60));
    }

    [Fact]
    public void While_samples_are_few_it_is_no_shorter_than_rfc_6298_says()
    {
        for (var times = 0; times < s_options.ColdStartSamples; times++)
        {
            _adaptive.Record(Milliseconds(times % 2 == 0 ? 10 : 100));
        }

        // The smoothed latency is near 55 ms, and the variation near 45 ms.
        Assert.InRange(_adaptive.Current, Milliseconds(200), Milliseconds(300));
    }

    [Fact]
    public void With_many_samples_it_is_the_quantile_times_the_safety_factor()
    {
        Learn(seconds: 60, static index => index % 1000 < 3 ? 100 : 10);
        Learn(seconds: 60, static index => index % 1000 < 3 ? 100 : 10);

        // 3 of 1,000 are more than the 2 that may be left out; the buckets are as wide as an eighth.
        Assert.InRange(_adaptive.Current, Milliseconds(100 * s_options.SafetyFactor * 0.88), Milliseconds(100 * s_options.SafetyFactor * 1.13));
    }

    [Fact]
    public void What_is_rarer_than_the_quantile_allows_is_left_out()
    {
        Learn(seconds: 60, static _ => 10);
        Learn(seconds: 120, static index => index % 1000 == 0 ? 1000 : 10);
        Assert.InRange(_adaptive.Current, Milliseconds(10), Milliseconds(20));
    }

    [Fact]
    public void It_grows_at_once()
    {
        Learn(seconds: 60, static _ => 10);
        for (var times = 0; times < 20; times++)
        {
            _adaptive.Record(Milliseconds(400));
        }

        _time.Advance(Milliseconds(100));
        Assert.InRange(_adaptive.Current, Milliseconds(400), Milliseconds(600));
    }

    [Fact]
    public void It_shrinks_by_no_more_than_a_tenth_a_second()
    {
        Learn(seconds: 60, static _ => 400);
        var before = _adaptive.Current;
        var least = TimeSpan.MaxValue;
        for (var second = 0; second < 150; second++)
        {
            Learn(seconds: 1, static _ => 10);
            Assert.True(_adaptive.Current >= before * 0.899, $"{before} became {_adaptive.Current} in second {second}");
            before = _adaptive.Current;
            least = before < least ? before : least;
        }

        Assert.InRange(least, Milliseconds(10), Milliseconds(15));
    }

    [Fact]
    public void A_step_up_and_back_leaves_no_trace_after_two_windows()
    {
        Learn(seconds: 120, Noisy);
        var before = _adaptive.Current;
        Learn(seconds: 60, static index => 10 * Noisy(index));
        Assert.InRange(_adaptive.Current, before * 9, before * 11);
        Learn(seconds: 120, Noisy);
        Assert.InRange(_adaptive.Current, before * 0.95, before * 1.05);
    }

    [Fact]
    public void A_noise_of_the_estimate_moves_nothing()
    {
        Learn(seconds: 120, Noisy);
        var before = _adaptive.Current;
        for (var second = 0; second < 120; second++)
        {
            Learn(seconds: 1, index => Noisy(index) * (1 + (0.02 * Math.Sin(second))));
            Assert.Equal(before, _adaptive.Current);
        }
    }

    [Fact]
    public void It_is_estimated_anew_no_more_than_ten_times_a_second()
    {
        Learn(seconds: 60, static _ => 10);
        _time.Advance(Milliseconds(100));
        var before = _adaptive.Current;
        for (var times = 0; times < 1000; times++)
        {
            _adaptive.Record(Milliseconds(400));
        }

        _time.Advance(Milliseconds(99));
        Assert.Equal(before, _adaptive.Current);
        _time.Advance(Milliseconds(1));
        Assert.True(_adaptive.Current > before * 2);
    }

    [Fact]
    public void Timeouts_in_a_row_double_it_from_the_second_on()
    {
        Learn(seconds: 60, static _ => 20);
        var estimate = _adaptive.Current;
        RunOut();
        Assert.Equal(estimate, _adaptive.Current);
        for (var doubled = 2; doubled <= 16; doubled *= 2)
        {
            RunOut();
            AssertMultiple(estimate, doubled);
        }
    }

    [Fact]
    public void Timeouts_in_a_row_double_it_from_the_first_on_while_samples_are_few()
    {
        for (var times = 0; times < s_options.ColdStartSamples; times++)
        {
            _adaptive.Record(Milliseconds(20));
        }

        var estimate = _adaptive.Current;
        RunOut();
        Assert.InRange(_adaptive.Current, estimate * 2, estimate * 3);
    }

    [Fact]
    public void Timeouts_of_attempts_that_were_under_way_together_double_it_once()
    {
        Learn(seconds: 60, static _ => 20);
        var estimate = _adaptive.Current;
        _time.Advance(estimate);
        for (var times = 0; times < 50; times++)
        {
            _adaptive.RecordTimeout();
        }

        AssertMultiple(estimate, 2);
    }

    [Fact]
    public void One_attempt_within_the_estimate_does_not_end_the_doubling_and_eight_do()
    {
        Learn(seconds: 60, static _ => 20);
        var estimate = _adaptive.Current;
        RunOut();
        RunOut();
        for (var times = 0; times < 8; times++)
        {
            AssertMultiple(estimate, 2);
            _adaptive.Record(Milliseconds(20));
        }

        Assert.Equal(estimate, _adaptive.Current);
    }

    [Fact]
    public void It_never_leaves_the_bounds()
    {
        Learn(seconds: 60, static _ => 0.01);
        Assert.Equal(s_options.Minimum, _adaptive.Current);
        for (var times = 0; times < 50; times++)
        {
            RunOut();
            Assert.InRange(_adaptive.Current, s_options.Minimum, s_options.Maximum);
        }

        Assert.Equal(s_options.Maximum, _adaptive.Current);
        _adaptive.Record(TimeSpan.MaxValue);
        _adaptive.Record(TimeSpan.MinValue);
        Assert.InRange(_adaptive.Current, s_options.Minimum, s_options.Maximum);
    }

    [Fact]
    public void Timeouts_that_cut_off_slow_attempts_lengthen_it_until_none_is_cut_off()
    {
        Learn(seconds: 60, static _ => 10);
        for (var second = 0; second < 30; second++)
        {
            Learn(seconds: 1, static index => index % 10 == 0 ? 200 : 10);
        }

        Assert.InRange(_adaptive.Current, Milliseconds(200), Milliseconds(450));
    }

    [Fact]
    public void A_few_that_are_lost_lengthen_nothing()
    {
        Learn(seconds: 60, Noisy);
        var before = _adaptive.Current;
        Learn(seconds: 120, static index => index % 100 == 0 ? double.PositiveInfinity : Noisy(index));
        Assert.InRange(_adaptive.Current, before * 0.9, before * 1.4);
    }

    [Fact]
    public void An_outage_lengthens_it_no_longer_than_it_lasts()
    {
        Learn(seconds: 60, Noisy);
        var before = _adaptive.Current;
        for (var times = 0; times < 9; times++)
        {
            RunOut();
        }

        Assert.True(_adaptive.Current > before * 100);
        Learn(seconds: 1, Noisy);
        Assert.InRange(_adaptive.Current, before * 0.9, before * 1.3);
    }

    [Fact]
    public void Silence_changes_nothing()
    {
        Learn(seconds: 60, Noisy);
        var before = _adaptive.Current;
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(before, _adaptive.Current);
        _adaptive.Record(Milliseconds(1));
        Assert.Equal(before, _adaptive.Current);
    }

    [Fact]
    public void The_deadline_is_the_timeout_from_now_on_its_own_clock()
    {
        Learn(seconds: 60, static _ => 20);
        var deadline = _adaptive.NextDeadline();
        Assert.Equal(_adaptive.Current, deadline.Remaining);
        _time.Advance(_adaptive.Current);
        Assert.True(deadline.HasPassed);
    }

    [Theory]
    [InlineData(0.49, 1.25, 10, 1000, 60, 20, nameof(AdaptiveTimeoutOptions.Quantile))]
    [InlineData(0.998, 0.9, 10, 1000, 60, 20, nameof(AdaptiveTimeoutOptions.SafetyFactor))]
    [InlineData(0.998, 1.25, 0, 1000, 60, 20, nameof(AdaptiveTimeoutOptions.Minimum))]
    [InlineData(0.998, 1.25, 10, 9, 60, 20, nameof(AdaptiveTimeoutOptions.Maximum))]
    [InlineData(0.998, 1.25, 10, 1000, 0, 20, nameof(AdaptiveTimeoutOptions.Window))]
    [InlineData(0.998, 1.25, 10, 1000, 60, 0, nameof(AdaptiveTimeoutOptions.ColdStartSamples))]
    public void An_option_out_of_range_is_named(
        double quantile, double factor, int minimum, int maximum, int window, int samples, string name)
    {
        var options = new AdaptiveTimeoutOptions
        {
            Quantile = quantile,
            SafetyFactor = factor,
            Minimum = Milliseconds(minimum),
            Maximum = Milliseconds(maximum),
            Window = TimeSpan.FromSeconds(window),
            ColdStartSamples = samples,
        };
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => new AdaptiveTimeout(options, _time));
        Assert.Equal(name, exception.ParamName);
    }

    private static TimeSpan Milliseconds(double count) => TimeSpan.FromMilliseconds(count);

    /// <summary>From 5 to 15 ms, evenly.</summary>
    private static double Noisy(int index) => 5 + (index * 7919 % 1000 / 100.0);

    private void RunOut()
    {
        _time.Advance(_adaptive.Current + TimeSpan.FromTicks(1));
        _adaptive.RecordTimeout();
    }

    /// <summary>A hundred attempts a second, of which those longer than the timeout run out of time.</summary>
    private void Learn(int seconds, Func<int, double> latency)
    {
        for (var times = 0; times < seconds * 100; times++)
        {
            _time.Advance(Milliseconds(10));
            var taken = latency(_recorded++);
            if (taken <= _adaptive.Current.TotalMilliseconds)
            {
                _adaptive.Record(Milliseconds(taken));
            }
            else
            {
                _adaptive.RecordTimeout();
            }
        }
    }

    // What is doubled has parts of a tick that the estimate, seen from outside, has lost.
    private void AssertMultiple(TimeSpan estimate, int times) =>
        Assert.InRange(_adaptive.Current, estimate * times, (estimate * times) + TimeSpan.FromTicks(times));
}
