namespace NetKit.Tests.Pooling.Core;

/// <summary>What has gone wrong with those who wait, in other pools. The numbers are those of the list of traps.</summary>
public sealed class WaiterTrapTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    [Fact]
    public void T2_A_waiter_that_cancels_at_any_step_around_its_hand_off_loses_no_connection()
    {
        for (var cancelAt = 0; cancelAt < 6; cancelAt++)
        {
            var pool = new CoreHarness(new ConnectionPoolOptions { MaxConnections = 1 });
            CoreHarness.Waiter first = null!;
            CoreHarness.Waiter second = null!;
            Action[] steps =
            [
                () => first = pool.Wait(),
                () => second = pool.Wait(),
                () => pool.DialOk(),
                () => End(pool),
                () => End(pool),
            ];
            for (var step = 0; step < steps.Length; step++)
            {
                steps[step]();
                if (step == cancelAt && pool.Cancel(first))
                {
                    Assert.Equal(PoolWaiterState.Cancelled, first.State);
                }
            }

            Assert.Equal(PoolWaiterState.Granted, second.State);
            Assert.Equal(1, pool.Statistics.Idle);
        }

        static void End(CoreHarness pool)
        {
            if (pool.Leased.Count > 0)
            {
                pool.Return(pool.Leased[0]);
            }
        }
    }

    [Fact]
    public void T3_A_return_passes_over_a_thousand_whose_time_is_over_and_serves_a_fresh_one()
    {
        var pool = OneLeased(out var only);
        var late = Enumerable.Range(0, 1000).Select(_ => pool.Wait(s_patience)).ToArray();
        pool.AdvanceSilently(s_patience);
        var fresh = pool.Wait(s_patience);

        pool.Return(only);

        Assert.All(late, static waiter => Assert.Equal(PoolWaiterState.Expired, waiter.State));
        Assert.Equal(PoolWaiterState.Granted, fresh.State);
        Assert.Same(only, fresh.Entry);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(300)]
    public void T4_All_whose_time_is_over_go_in_slices_and_the_others_stay(int expiring)
    {
        var pool = OneLeased(out _);
        var early = Enumerable.Range(0, expiring).Select(_ => pool.Wait(s_patience)).ToArray();
        pool.AdvanceSilently(TimeSpan.FromMilliseconds(500));
        var later = Enumerable.Range(0, 20).Select(_ => pool.Wait(s_patience)).ToArray();

        pool.Advance(TimeSpan.FromMilliseconds(500));

        Assert.All(early, static waiter => Assert.Equal(PoolWaiterState.Expired, waiter.State));
        Assert.All(later, static waiter => Assert.Equal(PoolWaiterState.Waiting, waiter.State));
        Assert.Equal(20, pool.Statistics.Waiting);
        Assert.True(pool.LongestStay <= PoolCore.Slice);
    }

    [Fact]
    public void T8_Whoever_waits_gets_a_new_dial_for_each_connection_that_is_closed()
    {
        foreach (var reason in new[] { PoolCloseReason.NotReturned, PoolCloseReason.Poisoned, PoolCloseReason.Ended, PoolCloseReason.Invalid, PoolCloseReason.Leaked })
        {
            var pool = OneLeased(out var only);
            var waiter = pool.Wait();
            pool.Discard(only, reason);
            pool.Closed();

            Assert.Single(pool.Dials);
            pool.DialOk();
            Assert.Equal(PoolWaiterState.Granted, waiter.State);
        }
    }

    [Fact]
    public void T15_Those_who_wait_are_served_in_the_order_in_which_they_came_whatever_serves_them()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConnections = 3, MaxConcurrentDials = 2 });
        var waiters = Enumerable.Range(0, 30).Select(_ => pool.Wait()).ToArray();
        var served = new List<CoreHarness.Waiter>();
        for (var turn = 0; served.Count < waiters.Length; turn++)
        {
            if (pool.Closing.Count > 0)
            {
                pool.Closed();
            }
            else if (pool.Dials.Count > 0)
            {
                pool.DialOk();
            }
            else if (turn % 3 == 0)
            {
                pool.Discard(pool.Leased[0]);
            }
            else
            {
                pool.Return(pool.Leased[^1]);
            }

            served.AddRange(pool.Settled);
        }

        Assert.Equal(waiters, served);
    }

    [Fact]
    public void T16_One_who_uses_the_pool_in_a_tight_loop_does_not_get_ahead_of_those_who_wait()
    {
        // What one returns goes to who waits longest, so whoever comes back stands at the end.
        var pool = OneLeased(out var only);
        var waiting = Enumerable.Range(0, 10).Select(_ => pool.Wait()).ToArray();
        for (var turn = 0; turn < 100; turn++)
        {
            pool.Return(only);
            Assert.Equal(PoolWaiterState.Granted, waiting[turn % 10].State);
            waiting[turn % 10] = pool.Wait();
        }
    }

    [Fact]
    public void T14_T15_One_who_came_early_and_begins_to_wait_late_keeps_its_time_and_its_turn()
    {
        // Its time went into a check of an idle connection, which was no good in the end.
        var pool = OneLeased(out var only);
        var later = pool.Wait(s_patience);
        var early = pool.Wait(s_patience / 2);
        pool.Advance((s_patience / 2) - TimeSpan.FromTicks(1));
        Assert.Equal(PoolWaiterState.Waiting, early.State);
        pool.Advance(TimeSpan.FromTicks(1));
        Assert.Equal((PoolWaiterState.Expired, PoolWaiterState.Waiting), (early.State, later.State));

        early = pool.Wait(s_patience / 4);
        pool.Return(only);
        Assert.Equal((PoolWaiterState.Granted, PoolWaiterState.Waiting), (early.State, later.State));
    }

    [Fact]
    public void The_queue_is_bounded()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConnections = 1, MaxWaiters = 3 });
        for (var count = 0; count < 3; count++)
        {
            pool.Wait();
        }

        Assert.Null(pool.Rent(out var outcome));
        Assert.Equal(PoolRent.Full, outcome);
        pool.Cancel(pool.Waiters[1]);
        pool.Wait();
    }

    private static CoreHarness OneLeased(out CoreHarness.Entry only)
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConnections = 1, MaxWaiters = 100_000 });
        pool.Wait();
        only = pool.DialOk();
        Assert.Same(only, Assert.Single(pool.Leased));
        return pool;
    }
}
