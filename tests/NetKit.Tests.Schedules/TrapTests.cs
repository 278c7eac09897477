namespace NetKit.Tests.Schedules;

/// <summary>Tells each story under many schedules, of NetKit's pool, where it goes well, and of a pool that is broken on purpose, where the same harness must find the fault.</summary>
public sealed class TrapTests
{
    private const int Schedules = 1_000;

    [Fact]
    public void T1_A_return_between_looking_and_waiting_wakes_the_one_that_begins_to_wait() => GoesWell(Scenarios.LostWakeUp);

    [Fact]
    public void T1_The_harness_finds_the_lost_wake_up_of_a_channel_pool() =>
        Assert.Contains("nothing will wake", Fails(Scenarios.LostWakeUp), StringComparison.Ordinal);

    [Fact]
    public void T3_A_return_passes_over_all_whose_time_is_over_and_serves_a_fresh_one() => GoesWell(Scenarios.HandOffToExpired, schedules: 20);

    [Fact]
    public void T3_The_harness_finds_the_hand_off_to_the_expired_of_a_channel_pool() =>
        Assert.Contains("one return serves", Fails(Scenarios.HandOffToExpired), StringComparison.Ordinal);

    [Fact]
    public void T5_No_clear_takes_the_wake_up_of_somebody_who_begins_to_wait() => GoesWell(Scenarios.SwallowedWakeUp, number => number == 1);

    [Fact]
    public void T5_The_harness_finds_the_swallowed_wake_up_of_a_channel_pool() =>
        Assert.Contains("nothing will wake", Fails(Scenarios.SwallowedWakeUp, static number => number == 1), StringComparison.Ordinal);

    [Fact]
    public void T6_Nobody_dials_before_the_place_of_what_was_closed_is_free() => GoesWell(Scenarios.EarlyWakeUp);

    [Fact]
    public void T8_Whoever_waits_gets_the_room_of_a_connection_that_was_closed() => GoesWell(Scenarios.SilentRoom);

    [Fact]
    public void T8_The_harness_finds_the_silent_room_of_a_channel_pool() =>
        Assert.Contains("nothing will wake", Fails(Scenarios.SilentRoom), StringComparison.Ordinal);

    [Fact]
    public void T21_One_who_gives_up_leaves_its_dial_to_the_other() => GoesWell(Scenarios.CancelledDial);

    [Fact]
    public void T27_Whatever_comes_back_during_a_dispose_is_closed() => GoesWell(Scenarios.ReturnDuringDispose);

    [Fact]
    public void T27_Whatever_comes_back_is_dialed_or_cleared_during_a_dispose_is_closed() => GoesWell(Scenarios.EverythingDuringDispose);

    [Fact]
    public void T27_The_harness_finds_the_connection_that_a_channel_pool_leaves_open() =>
        Assert.Contains("left open", Fails(Scenarios.ReturnDuringDispose), StringComparison.Ordinal);

    [Fact]
    public void T28_What_was_cleared_is_handed_out_to_nobody_who_asks_afterwards() => GoesWell(Scenarios.ClearDuringReturn);

    [Fact]
    public void T31_No_late_callback_of_a_token_ends_the_next_wait() => GoesWell(Scenarios.ReusedWaiter);

    private static void GoesWell(Scenarios.Story story, Func<int, bool>? dialFails = null, int schedules = Schedules) =>
        Scenarios.Explore(story, MakeNetKitPool, limit: 1, schedules, dialFails);

    private static void GoesWell(Scenarios.Story story, int schedules) => GoesWell(story, dialFails: null, schedules);

    private static string Fails(Scenarios.Story story, Func<int, bool>? dialFails = null) => Assert.Throws<ScheduleViolationException>(
        () => Scenarios.Explore(story, MakeChannelPool, limit: 1, Schedules, dialFails)).Message;

    private static NetKitPool MakeNetKitPool(Schedule schedule, Ledger ledger, int limit) => new(
        schedule, ledger, new ConnectionPoolOptions { MaxConnections = limit, AcquireTimeout = Scenarios.Patience, ProbeAfterIdle = TimeSpan.Zero });

    private static ChannelPool MakeChannelPool(Schedule schedule, Ledger ledger, int limit) => new(ledger, limit, Scenarios.Patience);
}
