namespace NetKit.Tests.Timing;

public sealed class DeadlineSchedulerTests
{
    private const int LevelsOfTheWheel = 8;
    private static readonly TimeSpan s_tick = TimeSpan.FromTicks(1);
    private readonly TimerCountingTimeProvider _time = new();
    private readonly WatchedEntry _entry;

    public DeadlineSchedulerTests() => _entry = new WatchedEntry(_time);

    private Deadline In(double seconds) => Deadline.After(TimeSpan.FromSeconds(seconds), _time);

    private void Advance(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    [Fact]
    public void It_fires_once_and_exactly_at_the_instant()
    {
        _entry.Deadline = In(1);
        _entry.Await();

        _time.Advance(TimeSpan.FromSeconds(1) - s_tick);
        Assert.Equal(0, _entry.Fired);
        Assert.False(_entry.HasPassed);

        _time.Advance(s_tick);
        Assert.Equal(1, _entry.Fired);
        Assert.True(_entry.HasPassed);

        Advance(100);
        Assert.Equal(1, _entry.Fired);
    }

    [Fact]
    public void A_deadline_set_while_awaited_fires_too()
    {
        _entry.Await();
        _entry.Deadline = In(1);
        Advance(1);
        Assert.Equal(1, _entry.Fired);
    }

    [Fact]
    public void A_deadline_in_the_past_fires_what_waits()
    {
        _entry.Await();
        _entry.Deadline = In(-1);
        _time.Advance(s_tick);
        Assert.Equal(1, _entry.Fired);
    }

    [Fact]
    public void Moved_later_it_does_not_fire_at_the_old_time()
    {
        _entry.Deadline = In(1);
        _entry.Await();
        Advance(0.5);
        _entry.Deadline = In(2);

        Advance(1.999);
        Assert.Equal(0, _entry.Fired);
        Advance(0.001);
        Assert.Equal(1, _entry.Fired);
    }

    [Fact]
    public void Moved_later_again_and_again_it_never_fires_and_the_timer_is_hardly_touched()
    {
        _entry.Deadline = In(10);
        _entry.Await();
        var before = _time.Changes;
        for (var operation = 0; operation < 1_000; operation++)
        {
            Advance(0.009);
            _entry.Deadline = In(10);
        }

        Assert.Equal(0, _entry.Fired);
        Assert.InRange(_time.Changes - before, 0, LevelsOfTheWheel);
        Advance(10);
        Assert.Equal(1, _entry.Fired);
    }

    [Fact]
    public void Moved_earlier_it_fires_at_the_new_time_only()
    {
        _entry.Deadline = In(10);
        _entry.Await();
        _entry.Deadline = In(1);
        Advance(1);
        Assert.Equal(1, _entry.Fired);
        Advance(100);
        Assert.Equal(1, _entry.Fired);
    }

    [Fact]
    public void Cleared_it_never_fires()
    {
        _entry.Deadline = In(1);
        _entry.Await();
        _entry.Deadline = Deadline.None;
        Advance(100);
        Assert.Equal(0, _entry.Fired);
        Assert.True(_entry.Deadline.IsNone);
        Assert.False(_entry.HasPassed);
    }

    [Fact]
    public void Set_again_after_it_fired_it_fires_again()
    {
        _entry.Await();
        for (var times = 1; times <= 5; times++)
        {
            _entry.Deadline = In(1);
            Advance(1);
            Assert.Equal(times, _entry.Fired);
        }
    }

    [Fact]
    public void Moved_while_it_fires_the_move_takes_effect()
    {
        _entry.Fires = () => _entry.Deadline = In(1);
        _entry.Deadline = In(1);
        _entry.Await();
        for (var times = 1; times <= 5; times++)
        {
            Advance(1);
            Assert.Equal(times, _entry.Fired);
        }
    }

    [Fact]
    public void The_deadline_reads_back_as_it_was_set()
    {
        var deadline = In(3);
        _entry.Deadline = deadline;
        Assert.Equal(deadline, _entry.Deadline);
    }

    [Fact]
    public void Entries_fire_in_the_order_of_their_deadlines()
    {
        var order = new List<int>();
        var random = new Random(5);
        var delays = Enumerable.Range(1, 300).OrderBy(_ => random.Next()).ToArray();
        foreach (var delay in delays)
        {
            var entry = new WatchedEntry(_time) { Fires = () => order.Add(delay) };
            entry.Deadline = In(delay);
            entry.Await();
        }

        Advance(300);
        Assert.Equal(delays.Order(), order);
    }

    [Fact]
    public void Nothing_fires_when_nobody_waits_and_the_entry_is_dropped()
    {
        _entry.Deadline = In(1);
        _entry.Await();
        _entry.Leave();
        Advance(1);
        Assert.Equal(0, _entry.Fired);
        Assert.True(_entry.Slot < 0);
        Assert.Equal(0, _time.Armed);
    }

    [Fact]
    public void Who_waits_after_the_entry_was_dropped_is_served_again()
    {
        _entry.Deadline = In(1);
        _entry.Await();
        _entry.Leave();
        Advance(0.5);
        _entry.Deadline = In(5);
        Advance(2);
        _entry.Await();
        Advance(3);
        Assert.Equal(1, _entry.Fired);
    }

    [Fact]
    public void An_entry_nobody_waits_on_arms_no_timer()
    {
        _entry.Deadline = In(1);
        Assert.Equal(0, _time.Timers);
        Advance(10);
        Assert.Equal(0, _entry.Fired);
    }

    [Fact]
    public void An_idle_scheduler_has_no_timer_armed()
    {
        _entry.Deadline = In(1);
        _entry.Await();
        Assert.Equal(1, _time.Armed);
        Advance(1);
        Assert.Equal(1, _entry.Fired);
        Assert.Equal(0, _time.Armed);
    }

    [Fact]
    public void Many_entries_share_one_timer()
    {
        for (var index = 1; index <= 1_000; index++)
        {
            var entry = new WatchedEntry(_time) { Deadline = In(index) };
            entry.Await();
        }

        Assert.Equal(1, _time.Timers);
    }

    [Fact]
    public void A_deadline_far_beyond_the_reach_of_timers_fires_at_its_instant()
    {
        _entry.Deadline = Deadline.After(TimeSpan.FromDays(1_000), _time);
        _entry.Await();
        for (var day = 0; day < 999; day++)
        {
            _time.Advance(TimeSpan.FromDays(1));
        }

        _time.Advance(TimeSpan.FromDays(1) - s_tick);
        Assert.Equal(0, _entry.Fired);
        _time.Advance(s_tick);
        Assert.Equal(1, _entry.Fired);
    }

    [Fact]
    public void A_clock_that_jumps_over_many_deadlines_fires_each_once()
    {
        var entries = Enumerable.Range(1, 500).Select(index => new WatchedEntry(_time) { Deadline = In(index * index) }).ToList();
        entries.ForEach(entry => entry.Await());
        _time.Advance(TimeSpan.FromDays(30));
        Assert.All(entries, entry => Assert.Equal(1, entry.Fired));
    }
}
