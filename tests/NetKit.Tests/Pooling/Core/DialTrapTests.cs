namespace NetKit.Tests.Pooling.Core;

/// <summary>What has gone wrong with dials, in other pools. The numbers are those of the list of traps.</summary>
public sealed class DialTrapTests
{
    [Fact]
    public void T9_Whatever_fails_the_limit_holds()
    {
        // Every event asserts it; here are the ones that broke it elsewhere, in turn.
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConnections = 2, MaxConcurrentDials = 2 });
        for (var turn = 0; turn < 200; turn++)
        {
            pool.Rent(out _);
            if (turn % 7 == 0)
            {
                pool.Clear();
            }

            if (pool.Dials.Count > 0 && turn % 3 != 0)
            {
                pool.DialOk();
            }
            else if (pool.Dials.Count > 0)
            {
                pool.DialFails();
            }

            if (pool.Leased.Count > 0)
            {
                pool.Discard(pool.Leased[0], turn % 2 == 0 ? PoolCloseReason.Invalid : PoolCloseReason.Poisoned, isDead: turn % 5 == 0);
            }

            if (pool.Closing.Count > 0 && turn % 4 != 0)
            {
                pool.Closed();
            }

            pool.Advance(TimeSpan.FromMilliseconds(150));
            Assert.True(pool.Dials.Count + pool.Leased.Count + pool.Closing.Count <= 2);
        }

        Assert.True(pool.All.Count > 10, "and connections come all the time");
    }

    [Fact]
    public void T18_While_the_endpoint_is_down_one_dial_at_a_time_tries_it_ever_more_seldom_and_then_one_two_four_may_run()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConnections = 32, MaxConcurrentDials = 32 });
        var attempts = new List<long>();
        var end = pool.Now + TimeSpan.FromSeconds(30).Ticks;
        while (pool.Now < end)
        {
            // Twenty-five callers that come back as soon as they have failed.
            for (var caller = 0; caller < 25; caller++)
            {
                pool.Rent(out _);
            }

            Assert.True(attempts.Count == 0 || pool.Dials.Count <= 1);
            foreach (var dial in pool.Dials.ToArray())
            {
                attempts.Add(pool.Now);
                pool.DialFails(dial);
            }

            pool.Advance(TimeSpan.FromMilliseconds(10));
        }

        var probes = attempts.SkipWhile(at => at == attempts[0]).ToArray();
        Assert.InRange(probes.Length, 24, 45);
        var waits = probes.Zip(probes.Skip(1), static (before, after) => TimeSpan.FromTicks(after - before).TotalSeconds).Skip(5).ToArray();
        Assert.All(waits, static wait => Assert.InRange(wait, 0.79, 1.3));
        Assert.True(waits.Distinct().Count() > waits.Length / 4, "the waits differ, so that many pools do not come in step");

        // It is back.
        while (pool.Dials.Count == 0)
        {
            pool.Advance(TimeSpan.FromMilliseconds(10));
            pool.Rent(out _);
        }

        for (var waiter = 0; waiter < 31; waiter++)
        {
            pool.Wait();
        }

        foreach (var allowed in new[] { 1, 2, 4, 8 })
        {
            Assert.Equal(allowed, pool.Dials.Count);
            foreach (var dial in pool.Dials.ToArray().Take(Math.Max(1, allowed / 2)))
            {
                pool.DialOk(dial);
                if (pool.Dials.Count >= 2 * allowed)
                {
                    break;
                }
            }
        }

        pool.Return(pool.Leased[0]);
        Assert.True(pool.Dials.Count > 8, "a connection that served proves that all is well");
    }

    [Fact]
    public void T18_A_server_that_accepts_and_hangs_up_is_not_stormed()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConnections = 25, MaxConcurrentDials = 25 });
        var dialed = 0;
        var end = pool.Now + TimeSpan.FromSeconds(20).Ticks;
        while (pool.Now < end)
        {
            while (pool.Statistics.Waiting < 25)
            {
                pool.Wait();
            }

            foreach (var dial in pool.Dials.ToArray())
            {
                dialed++;
                pool.DialOk(dial);
            }

            foreach (var dead in pool.Leased.ToArray())
            {
                pool.Discard(dead, isDead: true);
            }

            while (pool.Closing.Count > 0)
            {
                pool.Closed();
            }

            pool.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(dialed, 25, 25 + (20 * 5));
    }

    [Fact]
    public void T19_A_dial_that_fails_beside_others_fails_nobody_who_can_be_served()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions());
        var waiters = Enumerable.Range(0, 4).Select(_ => pool.Wait()).ToArray();
        pool.DialFails(pool.Dials[2]);
        Assert.All(waiters, static waiter => Assert.Equal(PoolWaiterState.Waiting, waiter.State));
        foreach (var dial in pool.Dials.ToArray())
        {
            pool.DialOk(dial);
        }

        pool.Return(pool.Leased[0]);
        Assert.All(waiters, static waiter => Assert.Equal(PoolWaiterState.Granted, waiter.State));
    }

    [Fact]
    public void T20_When_the_endpoint_is_down_and_nothing_is_leased_all_who_wait_fail_now_with_the_reason()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConcurrentDials = 2 });
        var waiters = Enumerable.Range(0, 200).Select(_ => pool.Wait()).ToArray();
        pool.DialFails();
        var reason = PoolDialer.Refused();
        pool.DialFails(error: reason);

        Assert.All(waiters, waiter => Assert.Equal((PoolWaiterState.Down, reason), (waiter.State, waiter.Cause)));
        Assert.True(pool.LongestStay <= PoolCore.Slice);
        pool.Rent(out var outcome);
        Assert.Equal(PoolRent.Down, outcome);
    }

    // As one does that is retried within: when it has failed, the next may begin at once.
    [Fact]
    public void T20_A_dial_that_took_long_fails_all_who_waited_for_it_and_not_only_those_who_come_later()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { AcquireTimeout = TimeSpan.FromMinutes(1), MaxConcurrentDials = 1 });
        var waiters = Enumerable.Range(0, 200).Select(_ => pool.Wait()).ToArray();
        for (var times = 0; times < 3; times++)
        {
            pool.Advance(TimeSpan.FromSeconds(7));
            pool.DialFails();
            Assert.All(waiters, static waiter => Assert.Equal(PoolWaiterState.Down, waiter.State));
            Assert.Empty(pool.Dials);

            // Whoever comes now is the reason for the next dial, and waits for that.
            waiters = [pool.Wait()];
            Assert.Single(pool.Dials);
        }
    }

    [Fact]
    public void T20_While_a_lease_could_come_back_nobody_fails()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions());
        pool.Wait();
        var leased = pool.DialOk();
        var waiter = pool.Wait();
        pool.DialFails();
        Assert.Equal(PoolWaiterState.Waiting, waiter.State);
        pool.Return(leased);
        Assert.Equal(PoolWaiterState.Granted, waiter.State);
    }

    [Fact]
    public void T22_Dials_are_no_more_than_can_be_of_use()
    {
        // 5 connections open, 50 callers with 2 ms of work each, a dial takes 150 ms.
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConcurrentDials = 3 });
        for (var count = 0; count < 5; count++)
        {
            pool.Wait();
            pool.DialOk();
        }

        for (var count = 0; count < 50; count++)
        {
            pool.Wait();
        }

        var started = pool.Dials.ToArray();
        while (pool.Statistics.Waiting > 0)
        {
            pool.Advance(TimeSpan.FromMilliseconds(2));
            foreach (var lease in pool.Leased.ToArray())
            {
                pool.Return(lease);
            }
        }

        Assert.Equal(started, pool.Dials);
        foreach (var dial in started)
        {
            pool.DialOk(dial);
        }

        Assert.True(pool.All.Count <= 8);
        Assert.Empty(pool.Dials);
    }

    [Fact]
    public void T22_What_is_dialed_for_who_waits_counts_for_a_warm_up_too()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions());
        pool.Wait();
        var warmUp = pool.WarmUpTo(2);
        Assert.Equal(2, pool.Dials.Count);
        pool.DialOk();
        pool.DialOk();
        Assert.Equal((PoolWaiterState.Granted, 1, 1), (warmUp.State, pool.Statistics.Idle, pool.Statistics.Leased));
    }

    [Fact]
    public void T22_A_dial_that_nobody_has_needed_for_five_seconds_is_cancelled()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions());
        pool.Cancel(pool.Wait());
        var dial = Assert.Single(pool.Dials);
        pool.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(dial.IsCancelled);
        pool.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(dial.IsCancelled);

        // Whoever comes now does not wait for it.
        pool.Wait();
        Assert.Equal(2, pool.Dials.Count);
        pool.DialFails(dial);
        Assert.Equal(1, pool.Statistics.Waiting);
    }

    [Fact]
    public void T34_What_keeps_the_minimum_never_keeps_anybody_from_a_connection()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConnections = 2, MinIdle = 2 });
        Assert.Equal(2, pool.Dials.Count);
        var waiter = pool.Wait();
        pool.DialOk();
        Assert.Equal(PoolWaiterState.Granted, waiter.State);
    }

    [Fact]
    public void T35_The_minimum_is_kept_and_leases_do_not_make_connections_come_and_go()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MinIdle = 5, IdleTimeout = TimeSpan.FromSeconds(10) });
        while (pool.Dials.Count > 0)
        {
            pool.DialOk();
        }

        Assert.Equal(5, pool.Statistics.Idle);
        for (var second = 0; second < 600; second++)
        {
            pool.Rent(out _);
            while (pool.Dials.Count > 0)
            {
                pool.DialOk();
            }

            pool.Advance(TimeSpan.FromSeconds(0.5));
            pool.Return(pool.Leased[0]);
            pool.Advance(TimeSpan.FromSeconds(0.5));
            Assert.True(pool.Statistics.Idle >= 5);
        }

        // Never two of the minimum's worth: one more for the lease, and no churn.
        Assert.True(pool.All.Count <= 7, $"{pool.All.Count} connections in ten minutes");
        pool.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(5, pool.Statistics.Idle);
    }

    [Fact]
    public void A_minimum_that_cannot_be_had_is_tried_ever_more_seldom_up_to_half_a_minute()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MinIdle = 4 });
        var attempts = 0;
        for (var second = 0; second < 600; second++)
        {
            while (pool.Dials.Count > 0)
            {
                attempts++;
                pool.DialFails();
            }

            pool.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(attempts, 20, 45);
    }

    [Fact]
    public void Warming_up_opens_what_is_missing_and_ends_when_it_is_there()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConcurrentDials = 2 });
        pool.Wait();
        pool.DialOk();
        var warmUp = pool.WarmUpTo(4);
        Assert.Equal(2, pool.Dials.Count);
        pool.DialOk();
        pool.DialOk();
        Assert.Equal(PoolWaiterState.Waiting, warmUp.State);
        pool.DialOk();
        Assert.Equal(PoolWaiterState.Granted, warmUp.State);
        Assert.Empty(pool.Dials);
        Assert.Equal(PoolWaiterState.Granted, pool.WarmUpTo(4).State);
    }

    [Fact]
    public void A_clear_gives_those_who_wait_fresh_dials()
    {
        var pool = new CoreHarness(new ConnectionPoolOptions { MaxConnections = 2 });
        var waiter = pool.Wait();
        var old = pool.Dials[0];
        pool.Clear();
        Assert.True(old.IsCancelled);
        Assert.Equal(2, pool.Dials.Count);

        // One that comes through all the same is of the old kind.
        pool.DialOk(old);
        Assert.Single(pool.Closing);
        Assert.Equal(PoolWaiterState.Waiting, waiter.State);
        pool.DialOk();
        Assert.Equal(PoolWaiterState.Granted, waiter.State);
    }
}
