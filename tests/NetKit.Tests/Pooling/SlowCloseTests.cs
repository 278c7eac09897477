namespace NetKit.Tests.Pooling;

/// <summary>What is slow about one connection is no other user's affair.</summary>
public sealed class SlowCloseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T29_A_close_that_blocks_its_thread_keeps_nobody_waiting_but_for_its_place()
    {
        using var gate = new ManualResetEventSlim();
        var closing = 0;
        var dialer = new DelegateDialer((_, _) => new ValueTask<Connection>(Connection.FromStream(new BlockingStream(gate, () => Interlocked.Increment(ref closing)))));
        await using var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 2 });
        (await pool.AcquireAsync(Token)).Return();
        pool.Clear();
        await Eventually.Equal(1, () => Volatile.Read(ref closing));
        for (var turn = 0; turn < 100; turn++)
        {
            (await pool.AcquireAsync(Token).Within()).Return();
            Assert.Equal((1, 0L), (pool.GetStatistics().Idle, pool.GetStatistics().Closed));
        }

        // It counts until it is closed.
        var lease = await pool.AcquireAsync(Token).Within();
        var waiting = pool.AcquireAsync(Token).AsTask();
        await Waiting.StillWaits(waiting);
        gate.Set();
        (await waiting.Within()).Return();
        lease.Return();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T29_A_check_that_takes_its_time_keeps_nobody_else_waiting()
    {
        var check = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var checks = 0;
        await using var pool = new ConnectionPool(
            new PoolDialer(),
            PoolDialer.EndPoint,
            new ConnectionPoolOptions
            {
                MaxConnections = 2,
                ProbeAfterIdle = TimeSpan.Zero,
                Validate = (_, _) => Interlocked.Increment(ref checks) == 1 ? new ValueTask<bool>(check.Task) : new ValueTask<bool>(true),
            });
        await pool.WarmUpAsync(2, Token);
        var checking = pool.AcquireAsync(Token).AsTask();
        for (var turn = 0; turn < 100; turn++)
        {
            (await pool.AcquireAsync(Token).Within()).Return();
        }

        Assert.False(checking.IsCompleted);
        check.SetResult(true);
        (await checking.Within()).Return();
    }

    private sealed class BlockingStream(ManualResetEventSlim gate, Action closing) : MemoryStream
    {
        protected override void Dispose(bool disposing)
        {
            closing();
            gate.Wait(Eventually.Bound);
            base.Dispose(disposing);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
