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

    /// <summary>T6: places become free, by a lease that is not returned and by one that the peer ended, while others wait for them. The ledger sees whether a dial begins too early.</summary>
    public static Action[] EarlyWakeUp(PoolUnderTest pool)
    {
        var ended = 0;
        void Use(Action<PoolUnderTest.Asked> end)
        {
            for (var times = 0; times < 2; times++)
            {
                if (pool.Acquire() is { } lease)
                {
                    Schedule.Point();
                    end(lease);
                }
            }

            ended++;
        }

        return
        [
            () => Use(pool.Discard),
            () => Use(lease =>
            {
                pool.Ledger.End(lease.Connection!);
                pool.Return(lease);
            }),
            () => Use(pool.Return),
            () => DisposeAfter(pool, () => ended == 3),
        ];
    }

    /// <summary>T21: one asks, which starts the only dial, and gives up; the other, who asked later, gets that dial's connection.</summary>
    public static Action[] CancelledDial(PoolUnderTest pool)
    {
        var ended = 0;
        return
        [
            () =>
            {
                using var source = new CancellationTokenSource();
                var asked = pool.Ask(source.Token);
                Schedule.Point();
                source.Cancel();
                Schedule.Until(() => asked.IsAnswered);
                if (asked.TryTake(pool.Ledger))
                {
                    pool.Return(asked);
                }

                ended++;
            },
            () =>
            {
                pool.Return(pool.Acquire() ?? throw new ScheduleViolationException("one who did not give up got nothing"));
                ended++;
            },
            () =>
            {
                DisposeAfter(pool, () => ended == 2);
                if (pool.Ledger.Dials != 1)
                {
                    throw new ScheduleViolationException($"{pool.Ledger.Dials} dials, where one was enough");
                }
            },
        ];
    }

    /// <summary>T27: a connection comes back while the pool is disposed.</summary>
    public static Action[] ReturnDuringDispose(PoolUnderTest pool)
    {
        var isHeld = false;
        return
        [
            () =>
            {
                var lease = pool.Acquire();
                isHeld = true;
                if (lease is not null)
                {
                    pool.Return(lease);
                }
            },
            () => DisposeAfter(pool, () => isHeld),
        ];
    }

    /// <summary>T27: connections come back, are dialed, and are cleared, while the pool is disposed.</summary>
    public static Action[] EverythingDuringDispose(PoolUnderTest pool)
    {
        var isHeld = false;
        void Use()
        {
            var lease = pool.Acquire();
            isHeld = true;
            if (lease is not null)
            {
                pool.Return(lease);
            }
        }

        return [Use, Use, pool.Clear, () => DisposeAfter(pool, () => isHeld)];
    }

    /// <summary>T28: connections come back and are dialed while one clears the pool; who asks after that gets none from before.</summary>
    public static Action[] ClearDuringReturn(PoolUnderTest pool)
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

        return
        [
            Use,
            Use,
            () =>
            {
                Schedule.Until(() => pool.Ledger.Dials > 0);
                var before = pool.Ledger.Dials;
                pool.Clear();
                if (pool.Acquire() is { } lease)
                {
                    if (pool.Ledger.NumberOf(lease.Connection!) <= before)
                    {
                        throw new ScheduleViolationException("a connection from before the clear was handed out after it");
                    }

                    pool.Return(lease);
                }

                ended++;
            },
            () => DisposeAfter(pool, () => ended == 3),
        ];
    }

    /// <summary>T31: one is served as its token is cancelled, and asks again, without a token, while the callback may still be on its way.</summary>
    public static Action[] ReusedWaiter(PoolUnderTest pool)
    {
        const int Rounds = 2;
        var ended = 0;
        var sources = Enumerable.Range(0, Rounds).Select(static _ => new CancellationTokenSource()).ToArray();
        var asking = -1;
        return
        [
            () =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    asking = round;
                    var first = pool.Ask(sources[round].Token);
                    Schedule.Until(() => first.IsAnswered);
                    if (first.TryTake(pool.Ledger))
                    {
                        pool.Return(first);
                    }

                    pool.Return(pool.Acquire() ?? throw new ScheduleViolationException("one was cancelled by the token of another"));
                }

                ended++;
            },
            () =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    Schedule.Until(() => asking >= round);
                    sources[round].Cancel();
                }

                ended++;
            },
            () =>
            {
                for (var times = 0; times < 2 * Rounds; times++)
                {
                    var lease = pool.Acquire()!;
                    Schedule.Point();
                    pool.Return(lease);
                }

                ended++;
            },
            () => DisposeAfter(pool, () => ended == 3),
        ];
    }

    private static void DisposeAfter(PoolUnderTest pool, Func<bool> condition)
    {
        Schedule.Until(condition);
        pool.Dispose();
    }
}
