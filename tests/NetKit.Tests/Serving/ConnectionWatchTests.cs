using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;

namespace NetKit.Tests.Serving;

public sealed class ConnectionWatchTests
{
    private const int HandlerFailed = 204;
    private const int TimedOut = 208;

    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(8);

    private static ConnectionServerOptions Idle => new() { IdleTimeout = s_idle };

    [Fact]
    public async Task An_idle_connection_is_reset_and_its_handler_and_the_log_are_told_which_option_did_it()
    {
        var clock = new TimerCountingTimeProvider();
        var logger = new RecordingLogger();
        var failure = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = RunningServer.InMemory(
            async (connection, stopping) =>
            {
                failure.SetResult(await Record.ExceptionAsync(() => RunningServer.EchoAsync(connection, stopping)));

                // And whatever is tried later.
                await connection.WriteAsync("?"u8.ToArray(), stopping);
            },
            Idle,
            logger,
            clock);
        var client = await server.DialServedAsync();
        for (var passed = s_second / 10; passed < s_idle; passed += s_second / 10)
        {
            clock.Advance(s_second / 10);
            Assert.Equal(0, logger.CountOf(TimedOut));
        }

        await PassUntil(clock, () => logger.CountOf(TimedOut) == 1, atMost: s_idle / 4 + s_second / 10);
        await Fails.AsReset(client.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        var exception = Assert.IsType<ConnectionException>(await failure.Task.Within());
        Fails.AssertWellFormed(exception);
        Assert.Equal((ConnectionError.TimedOut, "read"), (exception.Error, exception.Operation));
        Assert.Contains("ConnectionServerOptions.IdleTimeout", exception.Message, StringComparison.Ordinal);
        await Eventually.Equal(0, () => server.Server.ActiveConnections);
        Assert.Equal(0, logger.CountOf(HandlerFailed));
        Assert.Contains(logger.Entries, entry => entry.Id == TimedOut && entry.Message.Contains("IdleTimeout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_write_that_waits_for_a_client_that_does_not_read_is_ended_too()
    {
        var clock = new TimerCountingTimeProvider();
        var flood = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = RunningServer.InMemory(
            async (connection, stopping) =>
            {
                flood.SetResult(Peer.FloodAsync(connection));
                await Peer.DrainAsync(connection);
            },
            Idle,
            timeProvider: clock);
        var client = await server.DialAsync();
        var write = await flood.Task.Within();
        await PassUntil(clock, () => write.IsCompleted, s_idle * 1.25 + s_second, () => client.WriteAsync(new byte[1]).AsTask());
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => write);
        Fails.AssertWellFormed(exception);
        Assert.Equal((ConnectionError.TimedOut, "write"), (exception.Error, exception.Operation));
    }

    [Fact]
    public async Task A_connection_ends_at_its_lifetime_although_it_is_busy()
    {
        var clock = new TimerCountingTimeProvider();
        var logger = new RecordingLogger();
        await using var server = RunningServer.InMemory(
            RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnectionLifetime = s_idle }, logger, clock);
        var client = await server.DialServedAsync();
        for (var passed = TimeSpan.Zero; passed < s_idle - s_second; passed += s_second)
        {
            clock.Advance(s_second);
            await RunningServer.AssertEchoes(client);
        }

        await PassUntil(clock, () => server.Server.ActiveConnections == 0, s_idle / 4 + s_second);
        await Fails.AsReset(client.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        Assert.Contains(logger.Entries, entry => entry.Id == TimedOut && entry.Message.Contains("MaxConnectionLifetime", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_sends_a_byte_a_second_is_ended_and_one_that_rests_is_not()
    {
        var clock = new TimerCountingTimeProvider();
        var logger = new RecordingLogger();
        await using var server = RunningServer.InMemory(
            RunningServer.EchoAsync, new ConnectionServerOptions { MinReceiveRate = new MinDataRate(100, 5 * s_second) }, logger, clock);
        var attacker = await server.DialServedAsync();
        var resting = await server.DialServedAsync();
        await PassUntil(clock, () => server.Server.ActiveConnections == 1, 10 * s_second, () => attacker.WriteAsync(new byte[1]).AsTask());
        await RunningServer.AssertEchoes(resting);
        Assert.Contains(logger.Entries, entry => entry.Id == TimedOut && entry.Message.Contains("MinReceiveRate", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_timer_runs_only_while_there_are_connections()
    {
        var clock = new TimerCountingTimeProvider();
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, Idle, timeProvider: clock);
        Assert.Equal(0, clock.Armed);
        for (var times = 0; times < 3; times++)
        {
            var client = await server.DialServedAsync();
            await server.DialServedAsync();
            Assert.Equal(1, clock.Armed);
            clock.Advance(s_second);
            Assert.Equal(1, clock.Armed);
            clock.Advance(s_idle - s_second);
            await RunningServer.AssertEchoes(client);
            clock.Advance(s_second);
            Assert.Equal(1, clock.Armed);
            client.Abort();
            await PassUntil(clock, () => server.Server.ActiveConnections == 0, 2 * s_idle);
            clock.Advance(s_second);
            Assert.Equal(0, clock.Armed);
        }
    }

    [Fact]
    public async Task A_server_without_such_limits_has_no_timer()
    {
        var clock = new TimerCountingTimeProvider();
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = 4 }, timeProvider: clock);
        var client = await server.DialServedAsync();
        Assert.Equal(0, clock.Armed);
        clock.Advance(TimeSpan.FromDays(100));
        await RunningServer.AssertEchoes(client);
    }

    [Fact]
    public async Task A_drained_server_has_no_timer()
    {
        var clock = new TimerCountingTimeProvider();
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, Idle, timeProvider: clock);
        await server.DialServedAsync();
        await server.StopAsync();

        // The wait for the drain has one too, which goes a moment after its end.
        await Eventually.Equal(0, () => clock.Armed);
    }

    [Fact]
    public async Task The_deadlines_of_the_handler_are_its_own()
    {
        var clock = new TimerCountingTimeProvider();
        var seen = new TaskCompletionSource<Connection>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = RunningServer.InMemory(
            async (connection, stopping) =>
            {
                connection.ReadDeadline = Deadline.After(3 * s_second, clock);
                await Fails.AtDeadline(connection.ReadAsync(new byte[1], stopping));
                connection.ReadDeadline = Deadline.None;
                seen.SetResult(connection);
                await RunningServer.EchoAsync(connection, stopping);
            },
            Idle,
            timeProvider: clock);
        var client = await server.DialAsync();
        await PassUntil(clock, () => seen.Task.IsCompleted, 4 * s_second);
        await RunningServer.AssertEchoes(client);
        clock.Advance(s_second);
        var connection = await seen.Task;
        Assert.Equal((Deadline.None, Deadline.None), (connection.ReadDeadline, connection.WriteDeadline));
    }

    public static TheoryData<string> WaysToMove => new("array", "vectored", "pipe", "TLS");

    [Theory]
    [MemberData(nameof(WaysToMove))]
    public async Task Bytes_count_whatever_way_they_go(string way)
    {
        var ready = new TaskCompletionSource<(Connection Below, Connection Talking)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) =>
            {
                var talking = way == "TLS"
                    ? await connection.AuthenticateAsServerAsync(
                        new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost }, stopping)
                    : connection;
                ready.SetResult((connection, talking));
                await RunningServer.EchoAsync(talking, stopping);
            },
            new ConnectionServerOptions { IdleTimeout = TimeSpan.FromMinutes(1) });
        var client = await server.DialAsync();
        if (way == "TLS")
        {
            client = await client.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost },
                TestContext.Current.CancellationToken);
        }

        var (below, talking) = await ready.Task.Within();
        Assert.Equal((below.Reading.Received, below.Sent), (talking.Reading.Received, talking.Sent));
        var (received, sent) = (below.Reading.Received, below.Sent);
        await RunningServer.AssertEchoes(client);
        await Eventually.True(() => below.Reading.Received - received >= 1 && below.Sent - sent >= 1, "An echo moved no byte.");

        sent = below.Sent;
        var message = new byte[100];
        await (way switch
        {
            "vectored" => talking.WriteAsync(Sequences.Of(message.AsMemory(0, 30), message.AsMemory(30)), TestContext.Current.CancellationToken),
            "pipe" => WriteToPipeAsync(talking.AsDuplexPipe().Output, message),
            _ => talking.WriteAsync(message, TestContext.Current.CancellationToken),
        });
        Assert.InRange(below.Sent - sent, 100u, 200u);
    }

    [Fact]
    public async Task Through_TLS_too_the_handler_is_told_which_option_ended_its_connection()
    {
        var clock = new TimerCountingTimeProvider();
        var failures = new TaskCompletionSource<(Exception? Read, Exception? Write)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = RunningServer.On(
            [ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), timeProvider: clock)],
            async (connection, stopping) =>
            {
                var talking = await connection.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost }, stopping);
                failures.SetResult((
                    await Record.ExceptionAsync(() => RunningServer.EchoAsync(talking, stopping)),
                    await Record.ExceptionAsync(() => talking.WriteAsync(new byte[1], stopping).AsTask())));
            },
            Idle);
        var client = await server.DialAsync();
        await using var secured = await client.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost },
            TestContext.Current.CancellationToken);
        await PassUntil(clock, () => failures.Task.IsCompleted, s_idle * 2);
        var (read, write) = await failures.Task;
        foreach (var failure in new[] { read, write })
        {
            var exception = Assert.IsType<ConnectionException>(failure);
            Fails.AssertWellFormed(exception);
            Assert.Equal(ConnectionError.TimedOut, exception.Error);
            Assert.Contains("IdleTimeout", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task On_a_socket_an_idle_client_is_reset_not_early_and_an_active_one_lives()
    {
        var timeout = TimeSpan.FromMilliseconds(400);
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions { IdleTimeout = timeout });
        var active = await server.DialServedAsync();
        var idle = await server.DialAsync();
        var last = Stopwatch.GetTimestamp();
        await RunningServer.AssertEchoes(idle);
        var end = Talk.TryReadByteAsync(idle);
        while (!end.IsCompleted)
        {
            // Late on a busy machine, this one may be taken for idle too; then the test says nothing of it.
            await RunningServer.AssertEchoes(active).IgnoringFailedConnection();
            await Task.Delay(10, TestContext.Current.CancellationToken);
            Assert.True(Stopwatch.GetElapsedTime(last) < Eventually.Bound);
        }

        Assert.True(Stopwatch.GetElapsedTime(last) >= timeout, "The idle client was reset early.");
        Assert.Equal(-1, await end);
    }

    private static async ValueTask WriteToPipeAsync(PipeWriter writer, byte[] message)
    {
        writer.Write(message.AsSpan(0, 50));
        writer.Write(message.AsSpan(50));
        await writer.FlushAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Moves the clock on, by a tenth of a second at a time, until the condition holds; does something at each full second.</summary>
    private static async Task PassUntil(TimerCountingTimeProvider clock, Func<bool> condition, TimeSpan atMost, Func<Task>? eachSecond = null)
    {
        for (var passed = TimeSpan.Zero; passed < atMost && !condition(); passed += s_second / 10)
        {
            clock.Advance(s_second / 10);
            if (eachSecond is not null && passed.Ticks % s_second.Ticks == 0)
            {
                // The other side may have ended it, which the condition is about to tell.
                await eachSecond().IgnoringFailedConnection();
            }

            // What has ended goes on in the thread pool.
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        await Eventually.True(condition, $"It did not come in {atMost}.");
    }
}
