using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Dialing;

public sealed class CircuitTests
{
    private static readonly ConnectionException s_refused = new(ConnectionError.Refused, "dial");

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Opens_when_half_of_at_least_three_dials_failed()
    {
        var circuit = Create();
        Assert.Equal(CircuitChange.None, Succeed(circuit));
        Assert.Equal(CircuitChange.None, Fail(circuit));
        Assert.Equal(CircuitChange.Opened, Fail(circuit));
        Assert.False(circuit.Enter().IsGranted);
    }

    [Fact]
    public void Stays_closed_below_the_ratio_and_below_the_throughput()
    {
        var circuit = Create();
        Fail(circuit);
        Fail(circuit);
        Assert.True(circuit.Enter().IsGranted);

        circuit = Create();
        for (var times = 0; times < 100; times++)
        {
            Succeed(circuit);
            Succeed(circuit);
            Assert.Equal(CircuitChange.None, Fail(circuit));
        }
    }

    [Fact]
    public void Old_outcomes_no_longer_count()
    {
        var circuit = Create();
        Fail(circuit);
        Fail(circuit);
        _clock.Advance(TimeSpan.FromSeconds(10.5));
        Assert.Equal(CircuitChange.None, Fail(circuit));
        Assert.Equal(CircuitChange.None, Fail(circuit));
        Assert.Equal(CircuitChange.Opened, Fail(circuit));
    }

    [Fact]
    public void Tells_the_cause_and_the_time_of_the_next_probe()
    {
        var circuit = Open();
        _clock.Advance(TimeSpan.FromMilliseconds(300));
        var refused = circuit.Enter();
        Assert.Same(s_refused, refused.Cause);

        // A second, 20 % more or less, less the time that has gone by.
        Assert.InRange(refused.RetryAfter, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(900));
        Assert.False(circuit.MayAdmitAfter(refused.RetryAfter - TimeSpan.FromMilliseconds(1)));
        Assert.True(circuit.MayAdmitAfter(refused.RetryAfter));
        _clock.Advance(refused.RetryAfter - TimeSpan.FromTicks(1));
        Assert.False(circuit.Enter().IsGranted);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(circuit.Enter().IsGranted);
    }

    [Fact]
    public void Only_one_dial_probes_and_its_success_closes()
    {
        var circuit = Open();
        _clock.Advance(TimeSpan.FromSeconds(1.2));
        var probe = circuit.Enter();
        Assert.Equal(CircuitChange.HalfOpened, probe.Change);
        Assert.All(Enumerable.Range(0, 10), _ => Assert.False(circuit.Enter().IsGranted));

        Assert.Equal(CircuitChange.Closed, circuit.Succeeded(probe.Turn));
        Assert.True(circuit.Enter().IsGranted);

        // And it starts from nothing: two failures more do not open it.
        Fail(circuit);
        Assert.Equal(CircuitChange.None, Fail(circuit));
    }

    [Fact]
    public void Break_doubles_with_each_failed_probe_up_to_half_a_minute_and_begins_anew_after_success()
    {
        var circuit = Open();
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 30, 30, 30 })
        {
            var wait = circuit.Enter().RetryAfter;
            Assert.InRange(wait.TotalSeconds, seconds * 0.8, seconds * 1.2);
            _clock.Advance(wait);
            Assert.Equal(CircuitChange.Opened, circuit.Failed(circuit.Enter().Turn, s_refused));
        }

        _clock.Advance(circuit.Enter().RetryAfter);
        circuit.Succeeded(circuit.Enter().Turn);
        Trip(circuit);
        Assert.InRange(circuit.Enter().RetryAfter.TotalSeconds, 0.8, 1.2);
    }

    [Fact]
    public void Breaks_of_different_clients_differ()
    {
        var waits = Enumerable.Range(0, 100).Select(seed => Open(seed).Enter().RetryAfter).ToHashSet();
        Assert.True(waits.Count > 95);
    }

    [Fact]
    public void Probe_that_learnt_nothing_neither_closes_nor_lengthens_the_break_and_the_next_dial_probes()
    {
        var circuit = Open();
        _clock.Advance(TimeSpan.FromSeconds(1.2));
        for (var times = 0; times < 5; times++)
        {
            var probe = circuit.Enter();
            Assert.True(probe.IsGranted);
            Assert.False(circuit.Enter().IsGranted);
            circuit.LearntNothing(probe.Turn);
        }

        circuit.Failed(circuit.Enter().Turn, s_refused);
        Assert.InRange(circuit.Enter().RetryAfter.TotalSeconds, 1.6, 2.4);
    }

    [Fact]
    public void Dial_that_learnt_nothing_does_not_dilute_the_failures()
    {
        var circuit = Create();
        for (var times = 0; times < 100; times++)
        {
            circuit.LearntNothing(circuit.Enter().Turn);
        }

        Fail(circuit);
        Fail(circuit);
        Assert.Equal(CircuitChange.Opened, Fail(circuit));
    }

    [Fact]
    public void Probe_that_never_ends_is_followed_by_another_after_a_break()
    {
        var circuit = Open();
        _clock.Advance(TimeSpan.FromSeconds(1.2));
        var endless = circuit.Enter();
        _clock.Advance(TimeSpan.FromSeconds(0.7));
        Assert.False(circuit.Enter().IsGranted);
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        var second = circuit.Enter();
        Assert.True(second.IsGranted);

        // One that learns nothing after all makes no room: the second has its time.
        circuit.LearntNothing(endless.Turn);
        Assert.False(circuit.Enter().IsGranted);
        Assert.Equal(CircuitChange.Closed, circuit.Succeeded(second.Turn));
    }

    // Else an endpoint that takes longer than the break to connect would be kept down for ever by those who find it up.
    [Fact]
    public void Probe_that_takes_longer_than_the_break_closes_by_its_success()
    {
        var circuit = Open();
        _clock.Advance(TimeSpan.FromSeconds(1.2));
        var slow = circuit.Enter();
        _clock.Advance(TimeSpan.FromSeconds(1.2));
        var second = circuit.Enter();
        Assert.Equal(CircuitChange.Closed, circuit.Succeeded(slow.Turn));
        Assert.True(circuit.Enter().IsGranted);

        // The other probe's time is over.
        Assert.Equal(CircuitChange.None, circuit.Failed(second.Turn, s_refused));
        Assert.True(circuit.Enter().IsGranted);
    }

    [Fact]
    public void Probe_that_takes_longer_than_the_break_lengthens_it_by_its_failure()
    {
        var circuit = Open();
        _clock.Advance(TimeSpan.FromSeconds(1.2));
        var slow = circuit.Enter();
        _clock.Advance(TimeSpan.FromSeconds(1.2));
        var second = circuit.Enter();
        Assert.Equal(CircuitChange.Opened, circuit.Failed(slow.Turn, s_refused));
        Assert.InRange(circuit.Enter().RetryAfter.TotalSeconds, 1.6, 2.4);
        Assert.Equal(CircuitChange.None, circuit.Failed(second.Turn, s_refused));
        Assert.InRange(circuit.Enter().RetryAfter.TotalSeconds, 1.6, 2.4);
    }

    [Fact]
    public void Probe_that_learnt_nothing_takes_nothing_from_the_one_before_it()
    {
        var circuit = Open();
        _clock.Advance(TimeSpan.FromSeconds(1.2));
        var slow = circuit.Enter();
        _clock.Advance(TimeSpan.FromSeconds(1.2));
        circuit.LearntNothing(circuit.Enter().Turn);
        Assert.Equal(CircuitChange.Closed, circuit.Succeeded(slow.Turn));
    }

    [Fact]
    public void Dial_from_before_the_opening_changes_nothing_after_it()
    {
        var circuit = Create();
        var (success, failure) = (circuit.Enter(), circuit.Enter());
        Trip(circuit);
        Assert.Equal(CircuitChange.None, circuit.Succeeded(success.Turn));
        Assert.Equal(CircuitChange.None, circuit.Failed(failure.Turn, s_refused));
        Assert.InRange(circuit.Enter().RetryAfter.TotalSeconds, 0.8, 1.2);
    }

    // Invariant: from many threads, never a second probe within a break, and never a dial while it is open.
    [Fact]
    public void Many_threads_send_one_probe_a_break()
    {
        var circuit = Open();
        for (var round = 0; round < 50; round++)
        {
            _clock.Advance(TimeSpan.FromSeconds(36));
            var granted = new System.Collections.Concurrent.ConcurrentBag<Admission>();
            Parallel.For(0, 64, _ =>
            {
                if (circuit.Enter() is { IsGranted: true } admission)
                {
                    granted.Add(admission);
                }
            });
            circuit.Failed(Assert.Single(granted).Turn, s_refused);
        }
    }

    private Circuit Create(int seed = 1) => new(new CircuitBreakerOptions(), new Random(seed), _clock);

    private Circuit Open(int seed = 1)
    {
        var circuit = Create(seed);
        Trip(circuit);
        return circuit;
    }

    private static void Trip(Circuit circuit)
    {
        Fail(circuit);
        Fail(circuit);
        Assert.Equal(CircuitChange.Opened, Fail(circuit));
    }

    private static CircuitChange Fail(Circuit circuit) => circuit.Failed(circuit.Enter().Turn, s_refused);

    private static CircuitChange Succeed(Circuit circuit) => circuit.Succeeded(circuit.Enter().Turn);
}
