using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Timing;

public sealed class OnceAWhileTests
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void It_is_time_at_once_and_then_not_before_the_interval_has_gone_by()
    {
        var once = new OnceAWhile(s_interval, _clock);
        Assert.True(once.IsTime(out var heldBack));
        Assert.Equal(0, heldBack);
        _clock.Advance(s_interval - TimeSpan.FromTicks(1));
        Assert.False(once.IsTime(out _));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(once.IsTime(out _));
    }

    [Fact]
    public void What_was_held_back_is_counted_once()
    {
        var once = new OnceAWhile(s_interval, _clock);
        once.IsTime(out _);
        for (var times = 0; times < 3; times++)
        {
            Assert.False(once.IsTime(out _));
        }

        _clock.Advance(s_interval);
        Assert.True(once.IsTime(out var heldBack));
        Assert.Equal(3, heldBack);
        _clock.Advance(s_interval);
        Assert.True(once.IsTime(out heldBack));
        Assert.Equal(0, heldBack);
    }
}
