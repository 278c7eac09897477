using System.Net;
using Microsoft.Extensions.Time.Testing;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace NetKit.Tests.Dialing;

/// <summary>
/// Why retrying a dial takes more than Polly's defaults. Each pair of tests shows, on the version in use, what a default
/// does to dials, and that a <see cref="RetryingDialer"/> does not. When the first of a pair fails, Polly has changed.
/// </summary>
public sealed class PollyDefaultsTests
{
    private static readonly DnsEndPoint s_endPoint = new("server.example", 80);

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Polly_caps_after_its_jitter_so_that_all_clients_of_a_long_outage_wait_the_same()
    {
        var waits = new HashSet<TimeSpan>();
        for (var client = 0; client < 100; client++)
        {
            var random = new Random(client);
            var pipeline = new ResiliencePipelineBuilder { TimeProvider = _clock }
                .AddRetry(new RetryStrategyOptions
                {
                    Delay = TimeSpan.FromMilliseconds(50),
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    MaxDelay = TimeSpan.FromSeconds(2),
                    MaxRetryAttempts = 12,
                    Randomizer = random.NextDouble,
                    OnRetry = retry =>
                    {
                        if (retry.AttemptNumber == 11)
                        {
                            waits.Add(retry.RetryDelay);
                        }

                        return default;
                    },
                })
                .Build();
            await _clock.Pass(pipeline.ExecuteAsync(static _ => throw Refused()).AsTask(), TimeSpan.FromMinutes(1));
        }

        Assert.Equal([TimeSpan.FromSeconds(2)], waits);
    }

    [Fact]
    public async Task Netkit_draws_below_the_cap_so_that_they_wait_differently()
    {
        var waits = new HashSet<TimeSpan>();
        for (var client = 0; client < 100; client++)
        {
            var inner = new ScriptedDialer(_clock) { Rest = Refused };
            var dialer = new RetryingDialer(inner, new RetryOptions { MaxRetryAttempts = 12 }, timeProvider: _clock);
            await _clock.Pass(dialer.DialAsync(s_endPoint).AsTask(), TimeSpan.FromMinutes(1));
            waits.Add(inner.Starts[12] - inner.Starts[11]);
        }

        Assert.True(waits.Count > 90, $"{waits.Count} different waits of 100");
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task Polly_closes_a_half_open_circuit_when_its_probe_is_cancelled()
    {
        var state = new CircuitBreakerStateProvider();
        var breaker = BreakerOf(new CircuitBreakerStrategyOptions { MinimumThroughput = 2, FailureRatio = 0.5, StateProvider = state });
        await FailAsync(breaker, times: 2);
        Assert.Equal(CircuitState.Open, state.CircuitState);
        _clock.Advance(TimeSpan.FromSeconds(5));

        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
            await breaker.ExecuteAsync(static _ => throw new OperationCanceledException()));
        Assert.Equal(CircuitState.Closed, state.CircuitState);
    }

    [Fact]
    public async Task Netkit_leaves_it_open_and_lets_the_next_dial_probe()
    {
        var inner = new ScriptedDialer(_clock) { Rest = Refused };
        var dialer = new RetryingDialer(
            inner, new RetryOptions { MaxRetryAttempts = 0, CircuitBreaker = new CircuitBreakerOptions() }, timeProvider: _clock);
        for (var times = 0; times < 3; times++)
        {
            await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask());
        }

        _clock.Advance(TimeSpan.FromSeconds(1.2));
        using var given = new CancellationTokenSource();
        inner.Script.Enqueue(ScriptedDialer.Hang);
        var probe = dialer.DialAsync(s_endPoint, given.Token).AsTask();
        Assert.Equal(ConnectionError.CircuitOpen, (await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask())).Error);

        await given.CancelAsync();
        await Fails.ByToken(probe, given.Token);
        Assert.Equal(4, inner.Starts.Count);

        // Exactly one more gets through, as the probe; its failure opens for longer.
        Assert.Equal(ConnectionError.Refused, (await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask())).Error);
        Assert.Equal(ConnectionError.CircuitOpen, (await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask())).Error);
        Assert.Equal(5, inner.Starts.Count);
    }

    [Fact]
    public async Task Polly_counts_a_cancelled_call_as_a_success_that_keeps_a_failing_circuit_closed()
    {
        var state = new CircuitBreakerStateProvider();
        var breaker = BreakerOf(new CircuitBreakerStrategyOptions { MinimumThroughput = 3, FailureRatio = 0.5, StateProvider = state });
        for (var times = 0; times < 20; times++)
        {
            await Assert.ThrowsAsync<OperationCanceledException>(async () =>
                await breaker.ExecuteAsync(static _ => throw new OperationCanceledException()));
            await Assert.ThrowsAsync<OperationCanceledException>(async () =>
                await breaker.ExecuteAsync(static _ => throw new OperationCanceledException()));
            await FailAsync(breaker, times: 1);
        }

        Assert.Equal(CircuitState.Closed, state.CircuitState);
    }

    [Fact]
    public async Task Netkit_does_not_count_it()
    {
        var inner = new ScriptedDialer(_clock);
        var dialer = new RetryingDialer(
            inner, new RetryOptions { MaxRetryAttempts = 0, CircuitBreaker = new CircuitBreakerOptions() }, timeProvider: _clock);
        for (var times = 0; times < 3; times++)
        {
            using var given = new CancellationTokenSource();
            inner.Script.Enqueue(ScriptedDialer.Hang);
            inner.Script.Enqueue(ScriptedDialer.Hang);
            inner.Script.Enqueue(ScriptedDialer.Fail(Refused));
            Task[] cancelled = [dialer.DialAsync(s_endPoint, given.Token).AsTask(), dialer.DialAsync(s_endPoint, given.Token).AsTask()];
            await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask());
            await given.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(cancelled));
        }

        Assert.Equal(ConnectionError.CircuitOpen, (await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask())).Error);
    }

    [Fact]
    public async Task Polly_keeps_everyone_out_while_a_probe_hangs()
    {
        var breaker = BreakerOf(new CircuitBreakerStrategyOptions { MinimumThroughput = 2, FailureRatio = 0.5 });
        await FailAsync(breaker, times: 2);
        _clock.Advance(TimeSpan.FromSeconds(5));
        var hanging = new TaskCompletionSource();
        var probe = breaker.ExecuteAsync(async _ => await hanging.Task).AsTask();
        _clock.Advance(TimeSpan.FromDays(1));

        await Assert.ThrowsAsync<BrokenCircuitException>(async () => await breaker.ExecuteAsync(static _ => default));
        hanging.SetResult();
        await probe;
    }

    [Fact]
    public async Task Netkit_sends_another_after_a_break()
    {
        var inner = new ScriptedDialer(_clock) { Rest = Refused };
        var dialer = new RetryingDialer(
            inner, new RetryOptions { MaxRetryAttempts = 0, CircuitBreaker = new CircuitBreakerOptions() }, timeProvider: _clock);
        for (var times = 0; times < 3; times++)
        {
            await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask());
        }

        _clock.Advance(TimeSpan.FromSeconds(1.2));
        using var end = new CancellationTokenSource();
        inner.Script.Enqueue(ScriptedDialer.Hang);
        var probe = dialer.DialAsync(s_endPoint, end.Token).AsTask();
        _clock.Advance(TimeSpan.FromSeconds(1.2));
        inner.Script.Enqueue(ScriptedDialer.Connect);

        await using var connection = await dialer.DialAsync(s_endPoint);
        Assert.False(probe.IsCompleted);
        await end.CancelAsync();
        await Fails.ByToken(probe, end.Token);
    }

    [Fact]
    public async Task Polly_retries_a_call_that_its_own_open_circuit_refused()
    {
        var refused = 0;
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = _clock }
            .AddRetry(new RetryStrategyOptions
            {
                OnRetry = retry =>
                {
                    refused += retry.Outcome.Exception is BrokenCircuitException ? 1 : 0;
                    return default;
                },
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions { MinimumThroughput = 2, FailureRatio = 0.5, BreakDuration = TimeSpan.FromMinutes(1) })
            .Build();
        await _clock.Pass(pipeline.ExecuteAsync(static _ => throw Refused()).AsTask(), TimeSpan.FromMinutes(1));
        Assert.Equal(1, refused);
        refused = 0;
        await _clock.Pass(pipeline.ExecuteAsync(static _ => throw Refused()).AsTask(), TimeSpan.FromSeconds(30));
        Assert.Equal(3, refused);
    }

    [Fact]
    public async Task Polly_as_it_comes_never_opens_at_the_rate_of_dials()
    {
        var state = new CircuitBreakerStateProvider();
        var breaker = BreakerOf(new CircuitBreakerStrategyOptions { StateProvider = state });
        for (var times = 0; times < 99; times++)
        {
            await FailAsync(breaker, times: 1);
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(CircuitState.Closed, state.CircuitState);
    }

    [Fact]
    public async Task Netkit_opens_after_three_and_then_fails_at_once()
    {
        var inner = new ScriptedDialer(_clock) { Rest = Refused };
        var dialer = new RetryingDialer(inner, new RetryOptions { CircuitBreaker = new CircuitBreakerOptions() }, timeProvider: _clock);

        // The third failure opens the circuit, and a retry within the break would be in vain.
        await _clock.Pass(dialer.DialAsync(s_endPoint).AsTask(), TimeSpan.FromSeconds(1));
        Assert.Equal(3, inner.Starts.Count);
        var refusal = dialer.DialAsync(s_endPoint).AsTask();
        Assert.True(refusal.IsCompleted);
        Assert.Equal(ConnectionError.CircuitOpen, (await Assert.ThrowsAsync<DialException>(() => refusal)).Error);
        Assert.Equal(3, inner.Starts.Count);
    }

    private static ConnectionException Refused() => new(ConnectionError.Refused, "dial", remoteEndPoint: s_endPoint);

    private ResiliencePipeline BreakerOf(CircuitBreakerStrategyOptions options) =>
        new ResiliencePipelineBuilder { TimeProvider = _clock }.AddCircuitBreaker(options).Build();

    private static async Task FailAsync(ResiliencePipeline pipeline, int times)
    {
        for (var time = 0; time < times; time++)
        {
            await Assert.ThrowsAsync<ConnectionException>(async () => await pipeline.ExecuteAsync(static _ => throw Refused()));
        }
    }
}
