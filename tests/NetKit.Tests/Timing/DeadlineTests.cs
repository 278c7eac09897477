using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Timing;

public sealed class DeadlineTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void None_is_the_default_and_never_passes()
    {
        Assert.Equal(Deadline.None, default);
        Assert.True(Deadline.None.IsNone);
        Assert.False(Deadline.None.HasPassed);
        Assert.Equal(TimeSpan.MaxValue, Deadline.None.Remaining);
        Assert.Equal("none", Deadline.None.ToString());
    }

    [Fact]
    public void A_deadline_passes_exactly_at_its_instant()
    {
        var deadline = Deadline.After(TimeSpan.FromSeconds(5), _time);

        _time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.False(deadline.HasPassed);
        Assert.Equal(TimeSpan.FromTicks(1), deadline.Remaining);

        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(deadline.HasPassed);
        Assert.Equal(TimeSpan.Zero, deadline.Remaining);
    }

    [Fact]
    public void A_passed_deadline_stays_passed_with_nothing_remaining()
    {
        var deadline = Deadline.After(TimeSpan.FromSeconds(1), _time);
        _time.Advance(TimeSpan.FromDays(1000));
        Assert.True(deadline.HasPassed);
        Assert.Equal(TimeSpan.Zero, deadline.Remaining);
    }

    [Fact]
    public void The_remaining_time_shrinks_as_the_clock_moves()
    {
        var deadline = Deadline.After(TimeSpan.FromSeconds(10), _time);
        _time.Advance(TimeSpan.FromSeconds(7.5));
        Assert.Equal(TimeSpan.FromSeconds(2.5), deadline.Remaining);
        Assert.Equal("in 2.5 s", deadline.ToString());
        _time.Advance(TimeSpan.FromSeconds(2.5));
        Assert.Equal("passed", deadline.ToString());
    }

    public static TheoryData<TimeSpan> GoneAlready => new(
        TimeSpan.Zero, TimeSpan.FromTicks(-1), TimeSpan.FromMilliseconds(-2), TimeSpan.FromDays(-1), TimeSpan.MinValue);

    [Theory]
    [MemberData(nameof(GoneAlready))]
    public void Zero_and_negative_timeouts_have_passed_already(TimeSpan timeout)
    {
        Assert.True(Deadline.After(timeout).HasPassed);
        Assert.True(Deadline.After(timeout, _time).HasPassed);
        Assert.False(Deadline.After(timeout, _time).IsNone);
    }

    [Fact]
    public void A_zero_timeout_has_passed_also_on_a_clock_that_stands_at_zero() =>
        Assert.True(Deadline.After(TimeSpan.Zero, new ManualClock(timestamp: 0)).HasPassed);

    [Fact]
    public void The_infinite_timeout_is_none()
    {
        Assert.True(Deadline.After(Timeout.InfiniteTimeSpan).IsNone);
        Assert.True(Deadline.After(Timeout.InfiniteTimeSpan, _time).IsNone);
    }

    public static TheoryData<TimeSpan> FarFuture => new(
        TimeSpan.FromDays(50), TimeSpan.FromDays(100_000), TimeSpan.MaxValue - TimeSpan.FromTicks(1), TimeSpan.MaxValue);

    [Theory]
    [MemberData(nameof(FarFuture))]
    public void A_far_future_is_clamped_and_never_wraps_into_the_past(TimeSpan timeout)
    {
        Assert.All([Deadline.After(timeout), Deadline.After(timeout, _time)], deadline =>
        {
            Assert.False(deadline.IsNone);
            Assert.False(deadline.HasPassed);
            Assert.True(deadline.Remaining > TimeSpan.FromDays(49), $"remaining {deadline.Remaining}");
        });
        _time.Advance(TimeSpan.FromDays(20_000));
        Assert.False(Deadline.After(timeout, _time).HasPassed);
    }

    [Fact]
    public void The_system_provider_is_the_default_clock()
    {
        var deadline = Deadline.After(TimeSpan.FromHours(1), TimeProvider.System);
        Assert.InRange(deadline.Remaining, TimeSpan.FromMinutes(59), TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(20));
        Assert.Null(deadline.TimeProvider);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(3_579_545)]
    [InlineData(10_000_000)]
    [InlineData(1_000_000_000)]
    [InlineData(2_400_000_123)]
    public void The_frequency_of_the_clock_does_not_matter(long frequency)
    {
        var clock = new ManualClock(timestamp: 40_000 * frequency, frequency);
        var deadline = Deadline.After(TimeSpan.FromSeconds(3), clock);
        clock.Timestamp += (3 * frequency) - 1;
        Assert.False(deadline.HasPassed);
        clock.Timestamp += 1;
        Assert.True(deadline.HasPassed);
    }

    [Fact]
    public void Two_deadlines_are_equal_when_instant_and_clock_are()
    {
        var first = Deadline.After(TimeSpan.FromSeconds(2), _time);
        var same = Deadline.After(TimeSpan.FromSeconds(2), _time);
        var later = Deadline.After(TimeSpan.FromSeconds(3), _time);
        var elsewhere = Deadline.After(TimeSpan.FromSeconds(2), new FakeTimeProvider());

        Assert.True(first == same);
        Assert.True(first.Equals((object)same));
        Assert.Equal(first.GetHashCode(), same.GetHashCode());
        Assert.True(first != later);
        Assert.True(first != elsewhere);
        Assert.False(first.Equals("a deadline"));
        Assert.True(first != Deadline.None);
    }
}
