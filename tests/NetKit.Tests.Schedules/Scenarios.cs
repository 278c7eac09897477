namespace NetKit.Tests.Schedules;

/// <summary>Short stories, each about one way in which pools have failed. The threads of a story are its bodies; chance orders their steps.</summary>
internal static class Scenarios
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public delegate PoolUnderTest PoolMaker(Schedule schedule, Ledger ledger, int limit);

    public delegate Action[] Story(PoolUnderTest pool);

    /// <summary>Tells a story under many schedules.</summary>
    /// <exception cref="ScheduleViolationException">One of them went wrong.</exception>
    public static void Explore(Story story, PoolMaker make, int limit, int schedules, Func<int, bool>? dialFails = null)
    {
        for (var seed = 0; seed < schedules; seed++)
        {
            PoolUnderTest pool = null!;
            Schedule.Run(
                seed,
                schedule =>
                {
                    var ledger = new Ledger(limit) { Fails = dialFails ?? (static _ => false) };
                    pool = make(schedule, ledger, limit);
                    return story(pool);
                },
                () => pool.CheckEmpty());
        }
    }

    /// <summary>T1: one looks for an idle connection and finds none, another returns the only one, the first begins to wait.</summary>
    public static Action[] LostWakeUp(PoolUnderTest pool)
    {
        var ended = 0;
        void Use()
        {
            for (var times = 0; times < 2; times++)
            {
                if (pool.Acquire() is { } lease)
                {
                    Schedule.Point();
                    pool.Return(lease);
                }
            }

            ended++;
        }

        return [Use, Use, () => DisposeAfter(pool, () => ended == 2)];
    }

    /// <summary>T3: a thousand wait until their time is over, one comes afterwards; the next return is for the last.</summary>
    public static Action[] HandOffToExpired(PoolUnderTest pool) =>
    [
        () =>
        {
            var only = pool.Acquire()!;
            var late = Enumerable.Range(0, 1000).Select(_ => pool.Ask()).ToArray();
            pool.PassTimeOfWaiters();
            var fresh = pool.Ask();
            pool.Return(only);
            if (!fresh.IsAnswered)
            {
                throw new ScheduleViolationException("one return serves the first whose time is not over, however many are in front");
            }

            Assert.All(late, waiter => Assert.False(waiter.TryTake(pool.Ledger)));
            Assert.True(fresh.TryTake(pool.Ledger));
            pool.Return(fresh);
            pool.Dispose();
        },
    ];

    /// <summary>T5: a dial fails and makes room, while one begins to wait and another clears the pool.</summary>
    public static Action[] SwallowedWakeUp(PoolUnderTest pool)
    {
        var ended = 0;
        void Use()
        {
            if (pool.Acquire() is { } lease)
            {
                pool.Return(lease);
            }

            ended++;
        }

        return
        [
            Use,
            Use,
            () =>
            {
                pool.Clear();
                Schedule.Point();
                pool.Clear();
                DisposeAfter(pool, () => ended == 2);
            },
        ];
    }

    /// <summary>T8: the only connection is closed by its user, while another waits for it.</summary>
    public static Action[] SilentRoom(PoolUnderTest pool)
    {
        var ended = 0;
        void Use()
        {
            if (pool.Acquire() is { } lease)
            {
                Schedule.Point();
                pool.Discard(lease);
            }

            ended++;
        }

        return [Use, Use, () => DisposeAfter(pool, () => ended == 2)];
    }

    /// <summary>T27: connections come back, are dialed, and are cleared, while the pool is disposed.</summary>
    public static Action[] ReturnDuringDispose(PoolUnderTest pool)
    {
        void Use()
        {
            if (pool.Acquire() is { } lease)
            {
                pool.Return(lease);
            }
        }

        var held = 0;
        void UseFirst()
        {
            var lease = pool.Acquire();
            held = 1;
            if (lease is not null)
            {
                pool.Return(lease);
            }
        }

        return
        [
            UseFirst,
            () =>
            {
                Schedule.Until(() => held == 1);
                pool.Dispose();
            },
            .. pool is NetKitPool ? new Action[] { Use, pool.Clear } : [],
        ];
    }

    private static void DisposeAfter(PoolUnderTest pool, Func<bool> condition)
    {
        Schedule.Until(condition);
        pool.Dispose();
    }
}
