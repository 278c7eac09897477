using System.Diagnostics;

namespace NetKit.Tests.Pooling;

/// <summary>What a connection and a thread do between two users.</summary>
// Alone: processor time and waits for a thread are the process's, and every other test would count too.
[Collection(nameof(Alone))]
public sealed class HandOffTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T17_A_connection_lies_idle_between_two_users_no_longer_than_any_work_waits_for_a_thread()
    {
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        using var saturation = new Saturation();
        var (handOffs, others) = await Task.Run(() => MeasureAsync(pool, rounds: 150), Token).Within();

        // The middle ones: a machine that stands still now and then does so in both.
        Assert.True(
            handOffs < (others * 1.4) + TimeSpan.FromMilliseconds(0.5),
            $"a connection was idle for {handOffs.TotalMicroseconds:0} us between users, while other work waited for {others.TotalMicroseconds:0} us");
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T32_A_hundred_thousand_who_wait_are_served_one_by_the_other_and_none_on_the_stack_of_another()
    {
        const int Callers = 100_000;
        await using var pool = new ConnectionPool(
            new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1, MaxWaiters = Callers, AcquireTimeout = Timeout.InfiniteTimeSpan });
        var first = await pool.AcquireAsync(Token);
        var depth = new ThreadLocal<int>();
        var nested = 0;
        async Task UseAsync()
        {
            var lease = await pool.AcquireAsync(Token).ConfigureAwait(false);
            nested += depth.Value;
            depth.Value++;
            lease.Return();
            depth.Value--;
        }

        var callers = Enumerable.Range(0, Callers).Select(_ => UseAsync()).ToArray();
        Assert.Equal(Callers, pool.GetStatistics().Waiting);
        depth.Value++;
        first.Return();
        depth.Value--;
        await Task.WhenAll(callers).Within();
        Assert.Equal(0, nested);
        Assert.Equal((1L, (long)Callers), (pool.GetStatistics().Dialed, pool.GetStatistics().Reused));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T36_Two_hundred_who_wait_for_what_does_not_come_take_no_processor_time()
    {
        var dialer = new PoolDialer { Holds = true };
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint);
        using var stop = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 200).Select(_ => pool.AcquireAsync(stop.Token).AsTask()).ToArray();
        await Eventually.Equal(4, () => dialer.Held);

        // Who spins does so all the time; what the runtime does on the side ends.
        var shares = new List<double>();
        do
        {
            var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            await Task.Delay(TimeSpan.FromMilliseconds(200), Token);
            shares.Add((Environment.CpuUsage.TotalTime - used) / Stopwatch.GetElapsedTime(start));
        }
        while (shares[^1] >= 0.02 && shares.Count < 50);

        Assert.True(shares[^1] < 0.02, $"of the time spent waiting, the processor worked {string.Join(", ", shares.Select(static share => share.ToString("P0")))}");
        Assert.All(waiting, static waiter => Assert.False(waiter.IsCompleted));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting).Within());
    }

    /// <summary>Measures how long the connection is nobody's in the middle case, and how long work that is queued at the same time waits.</summary>
    private static async Task<(TimeSpan HandOff, TimeSpan Other)> MeasureAsync(ConnectionPool pool, int rounds)
    {
        var handOffs = new List<TimeSpan>();
        var others = new List<TimeSpan>();
        var lease = await pool.AcquireAsync(Token).ConfigureAwait(false);
        for (var round = 0; round < rounds; round++)
        {
            var other = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            var next = NextAsync(pool);
            var start = Stopwatch.GetTimestamp();
            ThreadPool.UnsafeQueueUserWorkItem(static other => other.SetResult(Stopwatch.GetTimestamp()), other, preferLocal: false);
            lease.Return();
            (lease, var came) = await next.ConfigureAwait(false);
            handOffs.Add(Stopwatch.GetElapsedTime(start, came));
            others.Add(Stopwatch.GetElapsedTime(start, await other.Task.ConfigureAwait(false)));
        }

        lease.Return();
        handOffs.Sort();
        others.Sort();
        return (handOffs[rounds / 2], others[rounds / 2]);
    }

    private static async Task<(ConnectionLease Lease, long At)> NextAsync(ConnectionPool pool)
    {
        var lease = await pool.AcquireAsync(Token).ConfigureAwait(false);
        return (lease, Stopwatch.GetTimestamp());
    }

    /// <summary>Keeps every thread of the thread pool busy with short work, and more of it waiting.</summary>
    private sealed class Saturation : IThreadPoolWorkItem, IDisposable
    {
        private volatile bool _isOver;

        public Saturation()
        {
            for (var item = 0; item < 16 * Environment.ProcessorCount; item++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }
        }

        public void Execute()
        {
            var start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(0.1))
            {
                Thread.SpinWait(20);
            }

            if (!_isOver)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }
        }

        public void Dispose() => _isOver = true;
    }
}
