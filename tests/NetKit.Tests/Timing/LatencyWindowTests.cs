namespace NetKit.Tests.Timing;

/// <summary>The buckets, the window they are kept in, and what is read from it. Durations are ticks of 100 ns.</summary>
public sealed class LatencyWindowTests
{
    private const long Minute = TimeSpan.TicksPerMinute;

    private readonly LatencyWindow _window = new(TimeSpan.FromMinutes(1));
    private readonly LatencyDistribution _distribution = new();

    [Fact]
    public void Buckets_follow_one_another_without_a_gap_and_none_is_wider_than_an_eighth_of_its_beginning()
    {
        for (var index = 0; index < LatencyBuckets.Count; index++)
        {
            var (start, end) = (LatencyBuckets.StartOf(index), LatencyBuckets.StartOf(index + 1));
            Assert.Equal(index, LatencyBuckets.IndexOf(start));
            Assert.Equal(index, LatencyBuckets.IndexOf(end - 1));
            Assert.InRange(end - start, 16, Math.Max(16, start / 8));
        }
    }

    [Theory]
    [InlineData(long.MinValue, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(long.MaxValue, LatencyBuckets.Count - 1)]
    public void A_duration_beyond_the_ends_is_in_the_outermost_bucket(long ticks, int index) =>
        Assert.Equal(index, LatencyBuckets.IndexOf(ticks));

    [Fact]
    public void A_day_has_a_bucket_of_its_own_magnitude() =>
        Assert.InRange(LatencyBuckets.IndexOf(TimeSpan.TicksPerDay), 0, LatencyBuckets.Count - 2);

    [Fact]
    public void A_sample_is_kept_for_five_sixths_of_the_window_and_forgotten_after_the_whole()
    {
        _window.MoveTo(0);
        _window.MoveTo(Minute / 12);
        _window.Add(1_000);
        AssertCompleted(1, at: (Minute * 5 / 6) + (Minute / 12));
        AssertCompleted(0, at: Minute);
    }

    [Fact]
    public void A_long_silence_forgets_everything()
    {
        _window.MoveTo(0);
        _window.Add(1_000);
        _window.AddCensored(1_000);
        AssertCompleted(0, at: 1_000 * Minute);
        Assert.Equal(0, _distribution.Censored);
        _window.Add(1_000);
        AssertCompleted(1, at: 1_000 * Minute);
    }

    [Fact]
    public void The_quantile_lies_where_it_should_within_the_width_of_a_bucket()
    {
        for (var sample = 1; sample <= 10_000; sample++)
        {
            _window.Add(sample * 100);
        }

        _distribution.Load(_window);
        foreach (var part in new[] { 0.5, 0.9, 0.99, 0.998 })
        {
            Assert.InRange(_distribution.Quantile(part, slow: 0), part * 1_000_000 * 0.94, part * 1_000_000 * 1.06);
        }
    }

    [Fact]
    public void Attempts_cut_short_count_among_those_that_took_longer()
    {
        // Half take 1,000 and half 100,000, of which half are cut short at 2,000: nine tenths still end within 100,000.
        Add(500, 1_000);
        Add(250, 100_000);
        for (var times = 0; times < 250; times++)
        {
            _window.AddCensored(2_000);
        }

        _distribution.Load(_window);
        Assert.InRange(_distribution.Quantile(0.45, slow: 250), 900, 1_130);
        Assert.InRange(_distribution.Quantile(0.6, slow: 250), 90_000, 113_000);
        Assert.InRange(_distribution.Quantile(0.6, slow: 0), 900, 1_130);
    }

    [Fact]
    public void A_quantile_beyond_what_was_seen_is_the_longest_that_was()
    {
        Add(90, 1_000);
        for (var times = 0; times < 10; times++)
        {
            _window.AddCensored(50_000);
        }

        _distribution.Load(_window);
        Assert.InRange(_distribution.Longest, 50_000, 57_000);
        Assert.InRange(_distribution.LongestCompleted, 1_000, 1_130);
        Assert.Equal(_distribution.Longest, _distribution.Quantile(0.99, slow: 10));
    }

    [Fact]
    public void A_tail_that_halves_each_octave_foretells_as_much_beyond_it_as_its_last_octave_holds()
    {
        Add(4_000, 1 << 17);
        Add(2_000, 1 << 18);
        Add(1_000, 1 << 19);
        Add(500, 1 << 20);
        Add(250, 1 << 21);
        _distribution.Load(_window);
        Assert.InRange(_distribution.TailBeyond(1 << 22), 240, 275);
    }

    [Fact]
    public void A_tail_that_has_ended_foretells_nothing()
    {
        Add(1_000, 1_000);
        _distribution.Load(_window);
        Assert.Equal(0, _distribution.TailBeyond(100_000));
    }

    private void Add(int count, long ticks)
    {
        for (var times = 0; times < count; times++)
        {
            _window.Add(ticks);
        }
    }

    private void AssertCompleted(long count, long at)
    {
        _window.MoveTo(at);
        _distribution.Load(_window);
        Assert.Equal(count, _distribution.Completed);
    }
}
