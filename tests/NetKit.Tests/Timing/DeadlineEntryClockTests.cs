using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Timing;

/// <summary>An entry follows its deadline to another clock, as when a test's clock meets a connection made without one.</summary>
public sealed class DeadlineEntryClockTests
{
    private readonly FakeTimeProvider _first = new();
    private readonly FakeTimeProvider _second = new(DateTimeOffset.UnixEpoch);

    [Fact]
    public void Only_the_new_clock_counts()
    {
        var entry = new WatchedEntry(_first) { Deadline = Deadline.After(TimeSpan.FromSeconds(1), _first) };
        entry.Await();
        entry.Deadline = Deadline.After(TimeSpan.FromSeconds(1), _second);

        _first.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, entry.Fired);
        _second.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, entry.Fired);
    }

    [Fact]
    public void From_the_system_s_clock_to_a_test_s_and_back()
    {
        var entry = new WatchedEntry(timeProvider: null) { Deadline = Deadline.After(TimeSpan.FromHours(1)) };
        entry.Await();
        entry.Deadline = Deadline.After(TimeSpan.FromSeconds(1), _first);
        _first.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, entry.Fired);

        entry.Deadline = Deadline.After(TimeSpan.FromHours(1));
        _first.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, entry.Fired);
        Assert.InRange(entry.Deadline.Remaining, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(61));
        entry.Forget();
    }

    [Fact]
    public void None_belongs_to_every_clock()
    {
        var entry = new WatchedEntry(_first) { Deadline = Deadline.After(TimeSpan.FromSeconds(1), _first) };
        entry.Await();
        entry.Deadline = Deadline.None;
        entry.Deadline = Deadline.After(TimeSpan.FromSeconds(2), _first);
        _first.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, entry.Fired);
    }

    [Fact]
    public void The_limit_of_the_operation_goes_along_with_the_time_it_had_left()
    {
        var entry = new WatchedEntry(_first);
        entry.LimitOperation(TimeSpan.FromSeconds(10));
        entry.Await();
        _first.Advance(TimeSpan.FromSeconds(4));

        entry.Deadline = Deadline.After(TimeSpan.FromHours(1), _second);
        _second.Advance(TimeSpan.FromSeconds(5.9));
        Assert.Equal(0, entry.Fired);
        _second.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(1, entry.Fired);
    }
}
