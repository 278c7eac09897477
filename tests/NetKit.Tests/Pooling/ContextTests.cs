using System.Runtime.CompilerServices;

namespace NetKit.Tests.Pooling;

/// <summary>Dials and timers are the pool's own: no caller's token ends them, and nothing of a caller stays with them.</summary>
public sealed class ContextTests
{
    private static readonly AsyncLocal<object?> s_ambient = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T21_A_caller_that_gives_up_leaves_its_dial_to_the_next_in_line()
    {
        var tokens = new List<CancellationToken>();
        var dialer = new PoolDialer { Holds = true, Dialing = tokens.Add };
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConcurrentDials = 1 });
        using var source = new CancellationTokenSource();
        var first = pool.AcquireAsync(source.Token).AsTask();
        await Eventually.Equal(1, () => dialer.Held);
        var second = pool.AcquireAsync(Token).AsTask();
        await source.CancelAsync();
        await Fails.ByToken(first.Within(), source.Token);
        Assert.False(Assert.Single(tokens).IsCancellationRequested);

        await dialer.ReleaseAsync();
        (await second.Within()).Return();
        Assert.Equal((1, 0), (dialer.Dials, dialer.Cancelled));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T21_A_dial_knows_nothing_of_the_caller_that_needed_it()
    {
        object? seen = "not dialed";
        var dialer = new PoolDialer { Dialing = _ => seen = s_ambient.Value };
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        s_ambient.Value = "the caller's";
        (await pool.AcquireAsync(Token)).Return();
        Assert.Null(seen);
        Assert.Equal("the caller's", s_ambient.Value);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T38_A_pool_with_connections_and_timers_keeps_nothing_of_who_caused_them()
    {
        // A clock of its own, so that the timer is made here and now.
        var time = new OwnClock();
        await using var pool = new ConnectionPool(
            new PoolDialer(time), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1, MinIdle = 1, ConnectionLifetime = TimeSpan.FromHours(1) }, timeProvider: time);
        var ambient = await Task.Run(() => UseAsync(pool), Token);
        Assert.Equal(1, pool.GetStatistics().Idle);
        Assert.True(time.Timers > 0, "no timer was made");
        await Eventually.True(
            () =>
            {
                GC.Collect();
                return !ambient.IsAlive;
            },
            "what was ambient when the pool was used is kept alive");
        GC.KeepAlive(pool);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> UseAsync(ConnectionPool pool)
    {
        var state = new object();
        s_ambient.Value = state;
        using var source = new CancellationTokenSource();
        var lease = await pool.AcquireAsync(source.Token).ConfigureAwait(false);
        var waiting = pool.AcquireAsync(source.Token).ConfigureAwait(false);
        lease.Return();
        (await waiting).Return();
        s_ambient.Value = null;
        return new WeakReference(state);
    }

    private sealed class OwnClock : TimeProvider
    {
        public int Timers { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
