using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Timing;

public sealed class DeadlineEntryLimitTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly WatchedEntry _entry;

    public DeadlineEntryLimitTests() => _entry = new WatchedEntry(_time);

    [Fact]
    public void The_limit_of_an_operation_fires_without_a_deadline()
    {
        _entry.LimitOperation(TimeSpan.FromSeconds(1));
        _entry.Await();
        Assert.False(_entry.IsDue);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _entry.Fired);
        Assert.True(_entry.IsDue);
        Assert.False(_entry.HasPassed);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void The_earlier_of_limit_and_deadline_fires(int limit, int deadline)
    {
        _entry.Deadline = Deadline.After(TimeSpan.FromSeconds(deadline), _time);
        _entry.LimitOperation(TimeSpan.FromSeconds(limit));
        _entry.Await();
        _time.Advance(TimeSpan.FromSeconds(0.999));
        Assert.Equal(0, _entry.Fired);
        _time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal(1, _entry.Fired);
    }

    [Fact]
    public void An_infinite_limit_is_none()
    {
        _entry.LimitOperation(Timeout.InfiniteTimeSpan);
        _entry.Await();
        _time.Advance(TimeSpan.FromDays(10_000));
        Assert.Equal(0, _entry.Fired);
        Assert.False(_entry.IsDue);
    }

    [Fact]
    public void Moving_the_deadline_leaves_the_limit_where_it_is()
    {
        _entry.LimitOperation(TimeSpan.FromSeconds(1));
        _entry.Await();
        _entry.Deadline = Deadline.After(TimeSpan.FromSeconds(5), _time);
        _entry.Deadline = Deadline.None;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _entry.Fired);
    }

    [Fact]
    public void A_forgotten_entry_never_fires()
    {
        _entry.Deadline = Deadline.After(TimeSpan.FromSeconds(1), _time);
        _entry.LimitOperation(TimeSpan.FromSeconds(1));
        _entry.Await();
        _entry.Forget();
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, _entry.Fired);
        Assert.True(_entry.Slot < 0);
    }

    [Fact]
    public void A_forgotten_entry_is_not_kept_alive_by_a_far_deadline()
    {
        var gone = MakeAndForget();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(gone.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference MakeAndForget()
    {
        var entry = new WatchedEntry(timeProvider: null) { Deadline = Deadline.After(TimeSpan.FromDays(1)) };
        entry.Await();
        entry.Forget();
        return new WeakReference(entry);
    }
}
