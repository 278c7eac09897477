using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Security;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Dialing;

// Alone: spans and instruments belong to the process, and every other dial would be told of too.
[Collection(nameof(Alone))]
public sealed class DialDiagnosticsTests
{
    private static readonly IPEndPoint s_endPoint = new(IPAddress.Loopback, 7);

    private readonly ConcurrentQueue<Activity> _spans = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dial_is_a_span_with_one_below_it_for_each_step()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var port = ((IPEndPoint)listener.Listener.LocalEndPoint).Port;
        using var spans = Listen(_spans.Enqueue);
        var dialer = new Dialer(new DialerOptions
        {
            Resolve = (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([IPAddress.Loopback]),
            Tls = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = Certificates.IsLocalhost,
                ApplicationProtocols = [SslApplicationProtocol.Http2],
            },
        });
        using var outer = new Activity("mine").Start();
        var dial = dialer.DialAsync("localhost", port, Token).AsTask();
        Assert.Same(outer, Activity.Current);
        await using var plain = await listener.AcceptAsync();
        await using var server = await plain.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = Certificates.Localhost, ApplicationProtocols = [SslApplicationProtocol.Http2],
            },
            Token).Within();
        await using var client = await dial.Within();
        Assert.Same(outer, Activity.Current);

        var whole = Single("dial");
        Assert.Equal(outer.SpanId, whole.ParentSpanId);
        Assert.Equal(ActivityKind.Client, whole.Kind);
        AssertTags(whole, ("server.address", "localhost"), ("server.port", port), ("netkit.dial.attempts", 1), ("netkit.dial.outcome", "connected"));
        Assert.Equal(ActivityStatusCode.Unset, whole.Status);
        AssertTags(Child("dns"), ("dns.question.name", "localhost"));
        Assert.Equal(["127.0.0.1"], (string[])Child("dns").GetTagItem("dns.answers")!);
        AssertTags(
            Child("connect"),
            ("network.peer.address", "127.0.0.1"),
            ("network.peer.port", port),
            ("network.type", "ipv4"),
            ("network.transport", "tcp"));
        AssertTags(
            Child("tls"),
            ("server.address", "localhost"),
            ("tls.protocol.name", "tls"),
            ("tls.protocol.version", "1.3"),
            ("tls.next_protocol", "h2"));

        Activity Child(string name)
        {
            var child = Single(name);
            Assert.Equal(whole.SpanId, child.ParentSpanId);
            Assert.InRange(child.StartTimeUtc, whole.StartTimeUtc, whole.StartTimeUtc + whole.Duration);
            return child;
        }
    }

    [Fact]
    public async Task Every_span_that_began_has_ended_when_the_dial_has_however_it_does()
    {
        var started = 0;
        using var spans = new ActivityListener
        {
            ShouldListenTo = source => source.Name == NetKitDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = _ => Interlocked.Increment(ref started),
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(spans);
        await using var host = TwoAddresses.Listen();
        using var source = new CancellationTokenSource();
        var tls = new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, _, _, _) => throw new InvalidOperationException() };

        // Nobody answers: cancelled with two handshakes under way, and then in time.
        var cancelled = host.MakeDialer(new DialerOptions { Tls = tls, AttemptDelay = TimeSpan.FromMilliseconds(100) }).DialAsync(host.Host, source.Token).AsTask();
        await using var first = await host.First.AcceptAsync(Token).Within();
        await using var second = await host.Second.AcceptAsync(Token).Within();
        await second.UntilReadable();
        await source.CancelAsync();
        await Fails.ByToken(cancelled.Within(), source.Token);
        Assert.Equal((6, 6), (started, _spans.Count));

        // To be given up, or to lose, is no error; to run out of time is.
        Assert.All(_spans, span => Assert.Equal(ActivityStatusCode.Unset, span.Status));

        await Fails.AsDial(
            ConnectionError.DeadlineExceeded,
            host.MakeDialer(new DialerOptions { Tls = tls, AttemptDelay = TimeSpan.FromSeconds(2), ConnectTimeout = TimeSpan.FromSeconds(0.5) })
                .DialAsync(host.Host, Token));
        Assert.Equal(started, _spans.Count);
        var late = _spans.Skip(6).Where(span => span.Status == ActivityStatusCode.Error).ToList();
        Assert.Equal(2, late.Count);
        Assert.All(late, span => Assert.Equal("DeadlineExceeded", span.GetTagItem("error.type")));

        // The loser of a race, and a handshake that the user's own code breaks off.
        var lost = host.MakeDialer(new DialerOptions()).DialAsync(host.Host, Token);
        await (await lost.Within()).DisposeAsync();
        Assert.Equal(started, _spans.Count);
        await first.DisposeAsync();
        var broken = new Dialer(new DialerOptions { Tls = tls }).DialAsync(host.First.LocalEndPoint, Token).AsTask();
        await using var listener = host.First;
        await Task.WhenAny(broken, ServeAsync());
        await Assert.ThrowsAsync<DialException>(() => broken.Within());
        Assert.Equal(started, _spans.Count);

        async Task ServeAsync()
        {
            while (true)
            {
                await using var plain = await listener.AcceptAsync(Token);
                await Record.ExceptionAsync(async () => await plain.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost }, Token));
            }
        }
    }

    [Fact]
    public async Task What_failed_says_so_in_its_span()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var endPoint = listener.Listener.LocalEndPoint;
        await listener.DisposeAsync();
        using var spans = Listen(_spans.Enqueue);
        await Fails.AsDial(ConnectionError.Refused, new Dialer().DialAsync(endPoint, Token));
        foreach (var name in new[] { "dial", "connect" })
        {
            AssertTags(Single(name), ("error.type", "Refused"));
            Assert.Equal(ActivityStatusCode.Error, Single(name).Status);
        }

        _spans.Clear();
        await Fails.AsDial(
            ConnectionError.HostNotFound,
            new Dialer(new DialerOptions { Resolve = (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([]) }).DialAsync("host", 1, Token));
        AssertTags(Single("dns"), ("error.type", "HostNotFound"));
        AssertTags(Single("dial"), ("netkit.dial.outcome", "failed"), ("netkit.dial.attempts", 1));
    }

    [Fact]
    public async Task Unix_sockets_and_memory_have_their_own_tags()
    {
        using var spans = Listen(_spans.Enqueue);
        foreach (var transport in new[] { Transport.Unix, Transport.Memory })
        {
            await using var listener = TestListener.On(transport);
            await using var client = await new Dialer().DialAsync(listener.Listener.LocalEndPoint, Token).Within();
            AssertTags(
                Single("connect"),
                ("network.peer.address", listener.Listener.LocalEndPoint.ToString()),
                ("network.transport", transport == Transport.Unix ? "unix" : "memory"));
            AssertTags(Single("dial"), ("server.address", listener.Listener.LocalEndPoint.ToString()), ("server.port", null));
            _spans.Clear();
        }
    }

    [Fact]
    public async Task Whoever_traces_and_throws_changes_nothing()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        using var spans = Listen(_ => throw new InvalidOperationException("on purpose"), _ => throw new InvalidOperationException("on purpose"));
        await using var client = await new Dialer().DialAsync("localhost", ((IPEndPoint)listener.Listener.LocalEndPoint).Port, Token).Within();
        await using var server = await listener.AcceptAsync();
        await Talk.AssertBothWays(client, server);
    }

    [Fact]
    public async Task Dials_and_attempts_are_counted_by_outcome_and_family()
    {
        await using var host = TwoAddresses.Listen();
        await host.First.DisposeAsync();
        var counts = new ConcurrentDictionary<string, long>();
        var durations = new ConcurrentQueue<(double Seconds, string Tags)>();
        using var meters = new MeterListener
        {
            InstrumentPublished = static (instrument, meters) =>
            {
                if (instrument.Name is "netkit.dialer.duration" or "netkit.dialer.attempts")
                {
                    meters.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<long>((_, value, tags, _) => counts.AddOrUpdate(Text(tags), value, (_, sum) => sum + value));
        meters.SetMeasurementEventCallback<double>((_, value, tags, _) => durations.Enqueue((value, Text(tags))));
        meters.Start();

        await using (await host.MakeDialer(new DialerOptions()).DialAsync(host.Host, Token).Within())
        {
            Assert.Equal(new Dictionary<string, long> { ["outcome=failed family=ipv4"] = 1, ["outcome=connected family=ipv4"] = 1 }, counts);
            var (seconds, tags) = Assert.Single(durations);
            Assert.Equal("outcome=connected", tags);
            Assert.InRange(seconds, 0.01, Eventually.Bound.TotalSeconds);
        }

        await Fails.AsDial(ConnectionError.Refused, new Dialer().DialAsync(host.First.LocalEndPoint, Token));
        Assert.Equal("outcome=failed", durations.Last().Tags);

        static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) => string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
    }

    [Fact]
    public async Task Retries_and_what_a_circuit_does_are_counted_once_each()
    {
        var clock = new FakeTimeProvider();
        var inner = new ScriptedDialer(clock) { Rest = static () => new ConnectionException(ConnectionError.Refused, "dial") };

        // Longer than the clock is moved while a dial is under way.
        var hour = TimeSpan.FromHours(1);
        var circuit = new CircuitBreakerOptions { MinimumThroughput = 3, SamplingDuration = hour, BreakDuration = hour, MaxBreakDuration = hour };
        var dialer = new RetryingDialer(inner, new RetryOptions { MaxRetryAttempts = 2, CircuitBreaker = circuit }, timeProvider: clock);
        using var readings = new MeterReadings();
        await FailAsync();
        Assert.Equal((2, 1, 0, 0, 0), Counts());

        for (var times = 1; times <= 3; times++)
        {
            await FailAsync();
            Assert.Equal((2, 1, 0, 0, times), Counts());
        }

        // Its time is drawn at random: 20 % more or less.
        clock.Advance(hour * 1.3);
        inner.Script.Enqueue(ScriptedDialer.Connect);
        await (await dialer.DialAsync(s_endPoint, Token)).DisposeAsync();
        Assert.Equal((2, 1, 1, 1, 3), Counts());

        async Task FailAsync()
        {
            var dial = dialer.DialAsync(s_endPoint, Token).AsTask();
            await clock.Pass(dial, TimeSpan.FromMinutes(1));
            await Assert.ThrowsAsync<DialException>(() => dial);
        }

        (long Retries, long Opened, long HalfOpened, long Closed, long Rejections) Counts() => (
            readings.Of("netkit.dialer.retries", "error.type=Refused"),
            readings.Of("netkit.dialer.circuit_changes", "netkit.circuit.state=open"),
            readings.Of("netkit.dialer.circuit_changes", "netkit.circuit.state=half_open"),
            readings.Of("netkit.dialer.circuit_changes", "netkit.circuit.state=closed"),
            readings.Of("netkit.dialer.circuit_rejections"));
    }

    [Fact]
    public async Task Dials_are_logged_with_stable_ids()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var log = new RecordingLogger();
        var dialer = new Dialer(loggerFactory: log);
        await (await dialer.DialAsync(listener.Listener.LocalEndPoint, Token).Within()).DisposeAsync();
        Assert.Equal([304, 301], log.Entries.Select(entry => entry.Id));
        Assert.Contains(ErrorSentence.Format(listener.Listener.LocalEndPoint), log.Entries.Last().Message, StringComparison.Ordinal);

        log.Entries.Clear();
        await listener.DisposeAsync();
        var exception = await Fails.AsDial(ConnectionError.Refused, dialer.DialAsync(listener.Listener.LocalEndPoint, Token));
        Assert.Equal([(304, null), (302, exception)], log.Entries.Select(entry => (entry.Id, entry.Exception)));

        log.Entries.Clear();
        using var source = new CancellationTokenSource();
        var endless = new Dialer(
            new DialerOptions { Resolve = (_, token) => new ValueTask<IReadOnlyList<IPAddress>>(new TaskCompletionSource<IReadOnlyList<IPAddress>>().Task) }, log);
        var dial = endless.DialAsync("host", 1, source.Token).AsTask();
        await source.CancelAsync();
        await Fails.ByToken(dial.Within(), source.Token);
        Assert.Equal([304, 303], log.Entries.Select(entry => entry.Id));
        Assert.All(log.Entries, entry => Assert.True(entry.Level is LogLevel.Debug or LogLevel.Trace));
    }

    [Fact]
    public async Task A_callback_that_throws_is_logged_and_changes_nothing()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var log = new RecordingLogger(throws: true);
        var thrown = new InvalidOperationException("on purpose");
        var dialer = new Dialer(new DialerOptions { OnAttempt = _ => throw thrown }, log);
        await using var client = await dialer.DialAsync(listener.Listener.LocalEndPoint, Token).Within();
        Assert.Same(thrown, Assert.Single(log.Entries, entry => entry.Id == 305).Exception);
        await using var server = await listener.AcceptAsync();
        await Talk.AssertBothWays(client, server);
    }

    private static ActivityListener Listen(Action<Activity> stopped, Action<Activity>? started = null)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == NetKitDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = started,
            ActivityStopped = stopped,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private Activity Single(string name) => Assert.Single(_spans, span => span.OperationName == name);

    private static void AssertTags(Activity span, params (string Name, object? Value)[] tags) =>
        Assert.All(tags, tag => Assert.Equal(tag.Value, span.GetTagItem(tag.Name)));
}
