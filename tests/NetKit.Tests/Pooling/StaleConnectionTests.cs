using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;

namespace NetKit.Tests.Pooling;

/// <summary>Connections that look alive and are dead, and ones that look dead and are alive. On real sockets.</summary>
public sealed class StaleConnectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T23_What_the_peer_ended_while_it_was_idle_is_passed_over()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        await using var pool = new ConnectionPool(new Dialer(), listener.Listener.LocalEndPoint, new ConnectionPoolOptions { ProbeAfterIdle = TimeSpan.Zero });
        for (var turn = 0; turn < 20; turn++)
        {
            var acquiring = pool.AcquireAsync(Token).Within();
            var server = await listener.AcceptAsync();
            var lease = await acquiring;
            Assert.False(lease.IsReused);
            await Talk.AssertBothWays(lease.Connection, server);
            var connection = lease.Connection;
            lease.Return();
            await EndAsync(server, turn % 2 == 0);
            await Eventually.True(() => connection.CheckIdle(ask: true) == IdleState.Ended, "the end arrives");
        }

        Assert.Equal((20L, 0L), (pool.GetStatistics().Dialed, pool.GetStatistics().Reused));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T23_A_write_that_fails_because_the_peer_had_gone_says_that_nothing_went_out_and_that_the_connection_was_reused()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        await using var pool = new ConnectionPool(new Dialer(), listener.Listener.LocalEndPoint);
        var acquiring = pool.AcquireAsync(Token).Within();
        var server = await listener.AcceptAsync();
        var lease = await acquiring;
        await Talk.AssertBothWays(lease.Connection, server);
        lease.Return();

        // After the last look at it, before the first byte.
        lease = await pool.AcquireAsync(Token);
        await EndAsync(server, politely: false);
        await Eventually.True(() => lease.Connection.CheckIdle(ask: true) == IdleState.Ended, "the end arrives");
        var failure = await Assert.ThrowsAsync<ConnectionException>(() => lease.Connection.WriteAsync(new byte[1], Token).AsTask());
        Assert.Equal((true, 0L), (lease.IsReused, failure.BytesTransferred));
        await lease.DisposeAsync();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T23_A_connection_that_ends_as_it_is_used_again_fails_only_as_a_reused_one_and_a_second_try_goes_well()
    {
        var received = 0;
        await using var server = RunningServer.OnTcp(async (connection, stopping) =>
        {
            // Ends every connection a moment after its first answer.
            var request = new byte[1];
            while (await connection.ReadAsync(request, stopping) > 0)
            {
                Interlocked.Increment(ref received);
                await connection.WriteAsync(request, stopping);
                _ = EndAfterAsync(connection, Random.Shared.Next(200));
            }
        });
        await using var pool = new ConnectionPool(new Dialer(), server.Listener.LocalEndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        var (answers, failures, beforeAnyByte) = (0, 0, 0);
        while (answers < 1000)
        {
            await using var lease = await pool.AcquireAsync(Token).Within();
            var isReused = lease.IsReused;
            var written = false;
            try
            {
                await lease.Connection.WriteAsync(new byte[1], Token);
                written = true;
                if (await lease.Connection.ReadAsync(new byte[1], Token).Within() == 1)
                {
                    answers++;
                    lease.Return();
                    SpinFor(Random.Shared.Next(200));
                    continue;
                }
            }
            catch (ConnectionException failure)
            {
                Fails.AssertWellFormed(failure);
                Assert.True(written || failure.BytesTransferred == 0);
                beforeAnyByte += written ? 0 : 1;
            }

            // The pool said that this might happen. It repeats nothing itself: who asks twice sends twice.
            Assert.True(isReused, "a connection that nobody has used has failed");
            failures++;
        }

        Assert.InRange(Volatile.Read(ref received), answers, answers + failures - beforeAnyByte);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task T24_Session_tickets_that_come_while_a_connection_is_idle_do_not_end_it()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        await using var relay = new HoldingRelay();
        var serving = ServeAsync(listener, relay);
        var tls = new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost };
        await using var pool = new ConnectionPool(
            new Dialer(new DialerOptions { Tls = tls }), listener.Listener.LocalEndPoint, new ConnectionPoolOptions { ProbeAfterIdle = TimeSpan.Zero });
        var lease = await pool.AcquireAsync(Token).Within();
        var connection = lease.Connection;
        await using var server = await serving.Within();
        lease.Return();
        await Eventually.True(() => relay.Held > 0, "the server sends tickets after the handshake");

        // Whoever asks the socket hears that there is something to read, as if the peer had ended.
        await relay.ReleaseAsync();
        await Eventually.True(() => connection.Socket!.Poll(0, SelectMode.SelectRead), "the tickets arrive");
        for (var turn = 0; turn < 3; turn++)
        {
            lease = await pool.AcquireAsync(Token).Within();
            Assert.Same(connection, lease.Connection);
            lease.Return();
        }

        lease = await pool.AcquireAsync(Token).Within();
        await Talk.AssertBothWays(lease.Connection, server);
        lease.Return();
        Assert.Equal((1L, 0L), (pool.GetStatistics().Dialed, pool.GetStatistics().Closed));

        // And an end is seen as one, tickets or not.
        await server.DisposeAsync();
        await relay.DisposeAsync();
        await Eventually.True(() => connection.CheckIdle(ask: true) == IdleState.Ended, "the end arrives");
    }

    private static async Task<TlsConnection> ServeAsync(TestListener listener, HoldingRelay relay)
    {
        var server = relay.Begin(await listener.AcceptAsync());
        return await server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost });
    }

    private static async Task EndAsync(Connection connection, bool politely)
    {
        if (!politely)
        {
            connection.Abort();
        }

        await connection.DisposeAsync();
    }

    private static async Task EndAfterAsync(Connection connection, int microseconds)
    {
        await Task.Yield();
        SpinFor(microseconds);
        await connection.DisposeAsync();
    }

    private static void SpinFor(int microseconds)
    {
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalMicroseconds < microseconds;)
        {
            Thread.SpinWait(1);
        }
    }
}
