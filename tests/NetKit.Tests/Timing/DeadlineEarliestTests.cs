using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Timing;

public sealed class DeadlineEarliestTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void The_earlier_of_two_wins_in_both_orders()
    {
        var sooner = Deadline.After(TimeSpan.FromSeconds(1), _time);
        var later = Deadline.After(TimeSpan.FromSeconds(2), _time);
        Assert.Equal(sooner, Deadline.Earliest(sooner, later));
        Assert.Equal(sooner, Deadline.Earliest(later, sooner));
    }

    [Fact]
    public void None_counts_as_last()
    {
        var some = Deadline.After(TimeSpan.FromDays(1000), _time);
        Assert.Equal(some, Deadline.Earliest(some, Deadline.None));
        Assert.Equal(some, Deadline.Earliest(Deadline.None, some));
        Assert.True(Deadline.Earliest(Deadline.None, Deadline.None).IsNone);
    }

    [Fact]
    public void A_passed_deadline_comes_before_a_pending_one()
    {
        var passed = Deadline.After(TimeSpan.Zero, _time);
        var pending = Deadline.After(TimeSpan.FromSeconds(1), _time);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(passed, Deadline.Earliest(pending, passed));
    }

    [Fact]
    public void Deadlines_of_two_clocks_are_compared_by_the_time_left()
    {
        var elsewhere = new FakeTimeProvider(DateTimeOffset.UnixEpoch + TimeSpan.FromDays(40_000));
        var soonerHere = Deadline.After(TimeSpan.FromSeconds(1), _time);
        var laterThere = Deadline.After(TimeSpan.FromSeconds(2), elsewhere);
        Assert.Equal(soonerHere, Deadline.Earliest(laterThere, soonerHere));

        elsewhere.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(laterThere, Deadline.Earliest(soonerHere, laterThere));
    }

    [Fact]
    public void A_far_future_loses_to_anything_nearer()
    {
        var far = Deadline.After(TimeSpan.MaxValue, _time);
        var near = Deadline.After(TimeSpan.FromDays(365), _time);
        Assert.Equal(near, Deadline.Earliest(far, near));
    }
}
