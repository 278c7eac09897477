namespace NetKit.Tests.Pooling;

/// <summary>What the server sees of a pool.</summary>
public sealed class SocketCountTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Twenty_four_callers_on_a_pool_of_four_never_hold_more_than_four_sockets_counted_at_the_server()
    {
        var (open, most, accepted) = (0, 0, 0);
        await using var server = RunningServer.OnTcp(async (connection, stopping) =>
        {
            var now = Interlocked.Increment(ref open);
            Interlocked.Increment(ref accepted);
            for (var seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
            {
                Interlocked.CompareExchange(ref most, now, seen);
            }

            try
            {
                await RunningServer.EchoAsync(connection, stopping).IgnoringFailedConnection();
            }
            finally
            {
                Interlocked.Decrement(ref open);
            }
        });
        await using (var pool = new ConnectionPool(new Dialer(), server.Listener.LocalEndPoint, new ConnectionPoolOptions { MaxConnections = 4 }))
        {
            var callers = Enumerable.Range(0, 24).Select(caller => Task.Run(() => CallAsync(pool, caller), Token)).ToArray();
            await Task.WhenAll(callers).Within();
            Assert.InRange(pool.GetStatistics().Leased + pool.GetStatistics().Idle, 1, 4);
        }

        // One that a caller closes is gone here before its successor is dialed, and there when the server has heard of it.
        Assert.InRange(Volatile.Read(ref most), 2, 4);
        Assert.True(Volatile.Read(ref accepted) > 4, "no connection was ever replaced");
        await Eventually.Equal(0, () => Volatile.Read(ref open));
    }

    private static async Task CallAsync(ConnectionPool pool, int caller)
    {
        for (var turn = 0; turn < 50; turn++)
        {
            await using var lease = await pool.AcquireAsync(Token);
            var sent = new byte[] { (byte)caller, (byte)turn };
            await lease.Connection.WriteAsync(sent, Token);
            Assert.Equal(sent, await Peer.ReadAsync(lease.Connection, 2));

            // Now and then the server ends it, and has done so before the place is free.
            if ((caller + turn) % 10 == 0)
            {
                await lease.Connection.CompleteWritesAsync(Token);
                Assert.Equal(0, await lease.Connection.ReadAsync(sent, Token));
            }
            else
            {
                lease.Return();
            }
        }
    }
}
