using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;

namespace NetKit.Tests.Pooling;

/// <summary>What a pool tells those who watch.</summary>
// Alone: spans and instruments belong to the process, and every other pool would be told of too.
[Collection(nameof(Alone))]
public sealed class PoolDiagnosticsTests
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ConcurrentQueue<(string Name, string? Tag, double Value)> _measurements = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_wait_for_a_connection_is_a_span_of_the_caller_and_linked_to_that_of_the_dial_which_has_no_parent()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        using var spans = Listen(_spans.Enqueue);
        await using var pool = new ConnectionPool(new Dialer(), listener.Listener.LocalEndPoint);
        using var outer = new Activity("mine").Start();
        var acquiring = pool.AcquireAsync(Token);
        Assert.Same(outer, Activity.Current);
        await using var server = await listener.AcceptAsync();
        var lease = await acquiring.Within();
        Assert.Same(outer, Activity.Current);

        var wait = Single("acquire");
        Assert.Equal((outer.SpanId, ActivityStatusCode.Unset), (wait.ParentSpanId, wait.Status));
        var dial = Single("pool dial");
        Assert.Null(dial.Parent);
        Assert.Equal((default, ActivityKind.Client), (dial.ParentSpanId, dial.Kind));
        Assert.NotEqual(outer.TraceId, dial.TraceId);
        Assert.Equal(dial.Context, Assert.Single(wait.Links).Context);
        Assert.Equal(dial.SpanId, Single("dial").ParentSpanId);

        // Who need not wait is no span, and who waits for a return has the dial to thank that once brought it.
        lease.Return();
        _spans.Clear();
        lease = await pool.AcquireAsync(Token);
        Assert.Empty(_spans);
        lease.Return();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_wait_and_a_dial_that_fail_say_so_in_their_spans()
    {
        using var spans = Listen(_spans.Enqueue);
        await using var pool = new ConnectionPool(new PoolDialer { Failure = PoolDialer.Refused }, PoolDialer.EndPoint);
        await Assert.ThrowsAsync<ConnectionException>(() => pool.AcquireAsync(Token).Within());
        await Eventually.Equal(2, () => _spans.Count);
        Assert.Equal((ActivityStatusCode.Error, "Down"), (Single("acquire").Status, Single("acquire").StatusDescription));
        Assert.Equal((ActivityStatusCode.Error, "Refused"), (Single("pool dial").Status, Single("pool dial").GetTagItem("error.type")));
        Assert.Empty(Single("acquire").Links);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Somebody_who_watches_spans_and_throws_changes_nothing()
    {
        static void Throw(Activity activity) => throw new InvalidOperationException("on purpose");
        using var spans = Listen(Throw, Throw);
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 1 });
        var lease = await pool.AcquireAsync(Token).Within();
        var waiting = pool.AcquireAsync(Token);
        lease.Return();
        (await waiting.Within()).Return();
        Assert.Equal((1, 0), (pool.GetStatistics().Idle, pool.GetStatistics().Leased));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task The_metrics_tell_what_a_pool_has_and_has_done()
    {
        using var listener = Measure();
        var dialer = new PoolDialer();
        await using (var pool = new ConnectionPool(dialer, PoolDialer.EndPoint, new ConnectionPoolOptions { MaxConnections = 2 }))
        {
            var first = await pool.AcquireAsync(Token);
            (await pool.AcquireAsync(Token)).Return();
            Assert.Equal((1, 1, 0, 0), Gauges(listener));
            var second = await pool.AcquireAsync(Token);
            var waiting = pool.AcquireAsync(Token);
            Assert.Equal((0, 2, 0, 1), Gauges(listener));
            second.Return();
            (await waiting.Within()).Return();
            dialer.Holds = true;
            pool.Clear();
            var dialing = pool.AcquireAsync(Token);
            await Eventually.Equal(1, () => dialer.Held);
            Assert.Equal((0, 1, 1, 1), Gauges(listener));
            await dialer.ReleaseAsync();
            (await dialing.Within()).Return();
            first.Return();
        }

        await Eventually.Equal(3, () => Sum("netkit.pool.closed_connections"));
        Assert.Equal((3, 2, 1), (Sum("netkit.pool.opened_connections"), Sum("netkit.pool.closed_connections", "cleared"), Sum("netkit.pool.closed_connections", "disposed")));
        Assert.Equal((0, 0, 0, 0), Gauges(listener));

        // Everybody's wait; of one who had not to wait, none.
        var waits = _measurements.Where(static measured => measured.Name == "netkit.pool.acquire_wait").Select(static measured => measured.Value).ToArray();
        Assert.Equal((5, 1), (waits.Length, waits.Count(static wait => wait == 0)));
        Assert.All(waits, static wait => Assert.InRange(wait, 0, Eventually.Bound.TotalSeconds));
    }

    [Fact]
    public async Task A_pool_is_looked_at_from_its_making_until_it_is_disposed()
    {
        var gauges = (List<WeakReference<IPoolGauge>>)typeof(PoolGauges).GetField("s_pools", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;
        var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint);
        Assert.Single(gauges, IsOfPool);
        await pool.DisposeAsync();
        Assert.DoesNotContain(gauges, IsOfPool);

        bool IsOfPool(WeakReference<IPoolGauge> known) => known.TryGetTarget(out var target) && ReferenceEquals(target, pool);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_return_that_was_forgotten_is_seen_in_the_metrics()
    {
        using var listener = Measure();
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint);
        await using (await pool.AcquireAsync(Token))
        {
            // And no Return().
        }

        await Eventually.Equal(1, () => Sum("netkit.pool.closed_connections", "not_returned"));
        await Assert.ThrowsAsync<FormatException>(() => pool.UseAsync(static (_, _) => throw new FormatException("on purpose"), Token).AsTask());
        await Eventually.Equal(2, () => Sum("netkit.pool.closed_connections", "not_returned"));
        await pool.UseAsync(static (_, _) => ValueTask.CompletedTask, Token);
        Assert.Equal((2, 0), (Sum("netkit.pool.closed_connections"), Sum("netkit.pool.leaked_leases")));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_lease_that_was_dropped_is_seen_in_the_metrics()
    {
        using var listener = Measure();
        await using var pool = new ConnectionPool(new PoolDialer(), PoolDialer.EndPoint);
        await ForgetAsync();
        await Eventually.True(
            () =>
            {
                GC.Collect();
                return Sum("netkit.pool.leaked_leases") == 1 && Sum("netkit.pool.closed_connections", "leaked") == 1;
            },
            "the dropped lease is counted");

        async Task ForgetAsync() => await pool.AcquireAsync(Token);
    }

    private int Sum(string instrument, string? tag = null) => (int)_measurements
        .Where(measured => measured.Name == instrument && (tag is null || measured.Tag == tag)).Sum(static measured => measured.Value);

    private (int Idle, int Leased, int Dialing, int Waiting) Gauges(MeterListener listener)
    {
        string[] gauges = ["netkit.pool.connections", "netkit.pool.waiting"];
        var rest = _measurements.Where(measured => !gauges.Contains(measured.Name)).ToArray();
        _measurements.Clear();
        Array.ForEach(rest, _measurements.Enqueue);
        listener.RecordObservableInstruments();
        return (Sum(gauges[0], "idle"), Sum(gauges[0], "leased"), Sum(gauges[0], "dialing"), Sum(gauges[1]));
    }

    private Activity Single(string name) => Assert.Single(_spans, span => span.OperationName == name);

    private MeterListener Measure()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == NetKitDiagnostics.MeterName && instrument.Name.StartsWith("netkit.pool.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.Start();
        return listener;

        void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            _measurements.Enqueue((instrument.Name, tags.IsEmpty ? null : tags[0].Value?.ToString(), value));
    }

    private static ActivityListener Listen(Action<Activity> stopped, Action<Activity>? started = null)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == NetKitDiagnostics.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = started,
            ActivityStopped = stopped,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
