using System.Diagnostics.Tracing;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NetKit.Tests.Listening;

namespace NetKit.Tests.Diagnostics;

// Alone: the events are of the whole process, and every other server would be told of too.
[Collection(nameof(Alone))]
public sealed class EventSourceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void The_manifest_that_tools_read_is_in_order() =>
        Assert.NotNull(EventSource.GenerateManifest(typeof(NetKitEventSource), assemblyPathToIncludeInManifest: null, EventManifestOptions.Strict));

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_server_tells_of_itself_and_of_every_connection_from_its_start_to_its_stop()
    {
        using var events = new EventRecorder();
        Connection? served = null;
        await using var server = RunningServer.OnTcp(
            (connection, stopping) =>
            {
                served = connection;
                return RunningServer.EchoAsync(connection, stopping);
            },
            new ConnectionServerOptions { MaxConnections = 1, LimitMode = ConnectionLimitMode.Reject });
        var where = $"{server.Listener.LocalEndPoint}";
        await events.SingleAsync("ServerStarted", where);
        var client = await server.DialServedAsync();
        var id = served!.Id;
        Assert.Equal([id, where, $"{client.LocalEndPoint}"], await events.SingleAsync("ConnectionStart", id));
        Assert.Equal(-1, await server.AskAsync());
        Assert.Equal([where, "limit"], await events.SingleAsync("ConnectionRejected", where));

        // As long as its handler runs, there is no stop: that is how one finds a handler that never ends.
        Assert.Empty(events.Of("ConnectionStop"));
        client.Abort();
        var stop = await events.SingleAsync("ConnectionStop", id);
        Assert.Equal("lost", stop[1]);
        Assert.InRange((double)stop[2]!, 0, Eventually.Bound.TotalSeconds);
        await Eventually.Equal(0, () => server.Server.ActiveConnections);
        await server.StopAsync();
        Assert.Equal([where, 0], await events.SingleAsync("ServerDraining", where));
        Assert.Equal([where, 0, 0], await events.SingleAsync("ServerStopped", where));
        Assert.Equal((EventOpcode.Start, EventOpcode.Stop), (OpcodeOf("ConnectionStart"), OpcodeOf("ConnectionStop")));

        EventOpcode OpcodeOf(string name) => events.Events.First(told => told.EventName == name).Opcode;
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_connection_that_began_before_anybody_listened_ends_after_a_time_that_is_not_known()
    {
        Connection? served = null;
        await using var server = RunningServer.OnTcp((connection, stopping) =>
        {
            served = connection;
            return RunningServer.EchoAsync(connection, stopping);
        });
        var client = await server.DialServedAsync();
        using var events = new EventRecorder();
        client.Abort();
        Assert.Equal([served!.Id, "lost", -1.0], await events.SingleAsync("ConnectionStop", served.Id));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_connection_with_tls_has_one_id_from_its_handshake_to_its_end()
    {
        using var events = new EventRecorder(EventLevel.Informational, NetKitEventSource.Keywords.Handshakes | NetKitEventSource.Keywords.Connections);
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync,
            new ConnectionServerOptions { Tls = new() { ServerCertificate = Certificates.Localhost }, IdleTimeout = TimeSpan.FromMilliseconds(100) });
        var plain = await server.DialAsync();
        await using var tls = await plain.AuthenticateAsClientAsync(
            new() { TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost }, Token);
        var remote = $"{plain.LocalEndPoint}";
        var id = (await events.SingleAsync("HandshakeStart", remote))[0];
        Assert.Equal("completed", (await events.SingleAsync("HandshakeStop", id))[1]);
        Assert.Equal(id, (await events.SingleAsync("ConnectionStart", remote))[0]);
        Assert.Equal([id, "idle_timeout"], await events.SingleAsync("ConnectionTimedOut", id));
        Assert.Equal("timed_out", (await events.SingleAsync("ConnectionStop", id))[1]);
        Assert.Empty(events.Of("ServerStarted"));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_dial_tells_of_its_start_and_of_how_it_went()
    {
        using var events = new EventRecorder();
        await using var listener = TestListener.On(Transport.Tcp);
        var endPoint = listener.Listener.LocalEndPoint;
        await using var connection = await new Dialer().DialAsync(endPoint, Token);
        var dial = (await events.SingleAsync("DialStart", $"{endPoint}"))[0];
        Assert.Equal([dial, $"{endPoint}"], await events.SingleAsync("DialConnected", dial));
        var stop = await events.SingleAsync("DialStop", dial);
        Assert.Equal(("connected", 1), (stop[1], stop[2]));
        Assert.InRange((double)stop[3]!, 0, Eventually.Bound.TotalSeconds);

        await listener.DisposeAsync();
        var failure = await Assert.ThrowsAsync<DialException>(() => new Dialer().DialAsync(endPoint, Token).AsTask());
        var failed = events.Of("DialFailed").Single();
        Assert.Equal(failure.Message, failed[1]);
        Assert.NotEqual(dial, failed[0]);
        Assert.Equal("failed", (await events.SingleAsync("DialStop", failed[0]))[1]);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_lease_that_was_dropped_is_an_error()
    {
        using var events = new EventRecorder(EventLevel.Error);
        await using var listener = TestListener.On(Transport.Tcp);
        await using var pool = new ConnectionPool(new Dialer(), listener.Listener.LocalEndPoint);
        var id = await DropAsync(pool);
        await Eventually.True(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return events.Of("LeaseLeaked").Length > 0;
            },
            "LeaseLeaked");
        Assert.Equal([$"{listener.Listener.LocalEndPoint}", id], events.Of("LeaseLeaked").Single());
        Assert.Equal(["LeaseLeaked"], events.Events.Select(static told => told.EventName));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static async Task<string> DropAsync(ConnectionPool pool) => (await pool.AcquireAsync(Token)).Connection.Id;
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task The_counters_tell_what_there_is_and_how_much_came_in_a_second()
    {
        await using var early = RunningServer.OnTcp(RunningServer.EchoAsync);
        using (var before = new MeterReadings())
        {
            var sent = BytesSent();
            await using var first = await early.DialServedAsync(); // held, or it would be finalized

            // The server counts its answer when it has been sent, and its client may have it before.
            await Eventually.Equal(sent + 2, BytesSent);
            using var events = await CountAsync();
            await using var client = await early.DialServedAsync();
            client.ReadTimeout = 1;
            await Assert.ThrowsAsync<DeadlineExceededException>(() => client.ReadAsync(new byte[1], Token).AsTask());
            client.ReadTimeout = Timeout.Infinite;
            await client.WriteAsync(new byte[1000], Token);
            await Peer.ReadAsync(client, 600);

            // Those there already, too.
            var active = before.Of("netkit.server.active_connections");
            Assert.InRange(active, 2, long.MaxValue);
            await Eventually.True(() => events.ValuesOf("active-connections").LastOrDefault() == active, "active-connections");

            // Both ends are here: the test's byte and the thousand, there and back. Of these, the client has left some unread.
            await Eventually.Equal(1001 + 601, () => events.ValuesOf("bytes-received").Sum());
            await Eventually.Equal(2 * 1001, () => events.ValuesOf("bytes-sent").Sum());
            await Eventually.Equal(1, () => events.ValuesOf("read-deadlines-exceeded").Sum());
            await Eventually.Equal(1, () => events.ValuesOf("accepted-connections").Sum());

            long BytesSent() => before.Of("netkit.connection.io", "network.io.direction=transmit");
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task The_counters_tell_of_every_dial_and_of_those_that_failed_or_ran_out_of_time()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var endPoint = listener.Listener.LocalEndPoint;
        var clock = new FakeTimeProvider();
        var silent = new Dialer(
            new DialerOptions { Resolve = static (_, _) => new(new TaskCompletionSource<IReadOnlyList<IPAddress>>().Task), ConnectTimeout = TimeSpan.FromSeconds(1) },
            timeProvider: clock);
        using var readings = new MeterReadings();
        using var events = await CountAsync();

        await (await new Dialer().DialAsync(endPoint, Token)).DisposeAsync();
        await listener.DisposeAsync();
        await Fails.AsDial(ConnectionError.Refused, new Dialer().DialAsync(endPoint, Token));
        var late = silent.DialAsync("host", 1, Token).AsTask();
        await clock.Pass(late, TimeSpan.FromSeconds(2)); // the attempt may see all of it
        await Fails.AsDial(ConnectionError.DeadlineExceeded, late);
        using var source = new CancellationTokenSource();
        var cancelled = silent.DialAsync("host", 1, source.Token).AsTask();
        await source.CancelAsync();
        await Fails.ByToken(cancelled.Within(), source.Token);

        Assert.All(
            ["connected", "failed", "timed_out", "cancelled"],
            outcome => Assert.Equal(1, readings.Of("netkit.dialer.duration", $"outcome={outcome}")));
        await Eventually.Equal(4, () => events.ValuesOf("dials").Sum());
        await Eventually.Equal(2, () => events.ValuesOf("failed-dials").Sum());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Every_accept_that_failed_is_counted_and_told_of()
    {
        var clock = new FakeTimeProvider();
        var acceptor = new ScriptedAcceptor().FailsForWantOfDescriptors(times: 3).ThenAccepts();
        using var readings = new MeterReadings();
        using var events = await CountAsync();
        var next = new SteadyAccept(acceptor, NullLogger.Instance, clock).NextAsync(Token).AsTask();
        await clock.Pass(next, TimeSpan.FromMinutes(1));
        Assert.NotNull(await next);

        Assert.Equal(3, readings.Of("netkit.server.accept_errors"));
        Assert.Equal(3, events.Of("AcceptFailed").Length);
        Assert.All(events.Of("AcceptFailed"), told => Assert.Equal($"{acceptor.LocalEndPoint}", told[0]));
        await Eventually.Equal(3, () => events.ValuesOf("accept-errors").Sum());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_listener_to_the_events_that_throws_changes_nothing()
    {
        using var broken = new BrokenListener();
        broken.EnableEvents(NetKitEventSource.Log, EventLevel.Verbose);
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync);
        await RunningServer.AssertEchoes(await server.DialServedAsync());
        await server.StopAsync();
        Assert.InRange(broken.Calls, 3, int.MaxValue);
    }

    [Fact]
    public void Who_wants_nothing_costs_nothing()
    {
        Assert.False(NetKitEventSource.Log.IsEnabled());
        Assert.False(NetKitEventSource.Traces(NetKitEventSource.Keywords.Connections));
        using var events = new EventRecorder(EventLevel.Warning, NetKitEventSource.Keywords.Servers);
        Assert.True(NetKitEventSource.Traces(NetKitEventSource.Keywords.Servers, EventLevel.Warning));
        Assert.False(NetKitEventSource.Traces(NetKitEventSource.Keywords.Servers));
        Assert.False(NetKitEventSource.Traces(NetKitEventSource.Keywords.Dials, EventLevel.Warning));
    }

    /// <summary>Listens to the counters too. Rates begin with the first interval that is whole, so that one has passed.</summary>
    private static async Task<EventRecorder> CountAsync()
    {
        var events = new EventRecorder(interval: TimeSpan.FromMilliseconds(50));
        await Eventually.True(() => events.ValuesOf("leaked-leases").Length > 0, "the first interval");
        return events;
    }

    private sealed class BrokenListener : EventListener
    {
        private int _calls;

        public int Calls => _calls;

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            Interlocked.Increment(ref _calls);
            throw new InvalidOperationException("on purpose");
        }
    }
}
