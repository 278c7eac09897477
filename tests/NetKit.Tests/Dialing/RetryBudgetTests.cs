using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Dialing;

public sealed class RetryBudgetTests
{
    private static readonly IPEndPoint s_endPoint = new(IPAddress.Loopback, 80);
    private static readonly TimeSpan s_budget = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Peer_that_never_answers_ends_the_dial_exactly_when_the_time_is_over()
    {
        var inner = new ScriptedDialer(_clock);
        inner.Script.Enqueue(ScriptedDialer.Hang);
        var dial = Create(inner).DialAsync(s_endPoint).AsTask();
        _clock.Advance(s_budget - TimeSpan.FromTicks(1));
        await Waiting.StillWaits(dial);
        _clock.Advance(TimeSpan.FromTicks(1));

        var failure = await Assert.ThrowsAsync<DialException>(() => dial);
        Assert.Equal(ConnectionError.DeadlineExceeded, failure.Error);
        var attempt = Assert.Single(failure.Attempts);
        Assert.Equal(DialOutcome.TimedOut, attempt.Outcome);
        Assert.Equal(s_budget, attempt.Elapsed);
    }

    // Whatever the rounds do, the dial never ends later than its budget; and it ends by an error that tells them all.
    [Fact]
    public async Task Mix_of_slow_and_quick_failures_never_ends_late()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var inner = new ScriptedDialer(_clock);
            for (var times = 0; times < 100; times++)
            {
                var time = TimeSpan.FromMilliseconds(random.Next(4) == 0 ? random.Next(1_500) : random.Next(20));
                inner.Script.Enqueue(ScriptedDialer.FailAfter(time, _clock, Refused));
            }

            var began = _clock.GetTimestamp();
            var dial = Create(inner, new RetryOptions { MaxRetryAttempts = 99, TotalTimeout = s_budget }, seed).DialAsync(s_endPoint).AsTask();
            await _clock.Pass(dial, s_budget);
            var failure = await Assert.ThrowsAsync<DialException>(() => dial);
            Assert.True(_clock.GetElapsedTime(began) <= s_budget, $"Seed {seed}: {_clock.GetElapsedTime(began)}");
            Assert.Equal(inner.Starts.Count, failure.Attempts.Count);
        }
    }

    [Fact]
    public async Task Retry_that_could_not_finish_is_not_begun_and_the_error_names_the_knob()
    {
        // Each refusal takes 700 ms, so a connection would too: after the second, 600 ms are left.
        var inner = new ScriptedDialer(_clock);
        for (var times = 0; times < 3; times++)
        {
            inner.Script.Enqueue(ScriptedDialer.FailAfter(TimeSpan.FromMilliseconds(700), _clock, Refused));
        }

        var began = _clock.GetTimestamp();
        var dial = Create(inner).DialAsync(s_endPoint).AsTask();
        await _clock.Pass(dial, s_budget);
        var failure = await Assert.ThrowsAsync<DialException>(() => dial);
        Assert.Equal(TimeSpan.FromMilliseconds(1_400), _clock.GetElapsedTime(began));
        Assert.Equal(2, failure.Attempts.Count);
        Assert.Equal(ConnectionError.Refused, failure.Error);
        Assert.Contains("in 2 rounds; a retry would not finish within TotalTimeout, which is 2 s ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_that_is_too_long_for_what_is_left_is_drawn_once_more_from_that()
    {
        var second = TimeSpan.FromSeconds(1);
        var options = new RetryOptions { MaxRetryAttempts = 99, Delay = second, MaxDelay = second, TotalTimeout = 1.2 * second };
        var inner = new ScriptedDialer(_clock) { Rest = Refused };
        var dial = new RetryingDialer(inner, options, null, _clock, new SameNumber(0.9)).DialAsync(s_endPoint).AsTask();
        await _clock.Pass(dial, 1.2 * second);
        var failure = await Assert.ThrowsAsync<DialException>(() => dial);

        // 10 ms and nine tenths of the range: first of 990 ms; then of what 299 ms leave, which are 10 ms to spare and 10 ms at least.
        Assert.Equal([0, 901, 901 + 262], failure.Attempts.Select(attempt => Math.Ceiling(attempt.Started.TotalMilliseconds)));
        Assert.Contains("in 3 rounds; a retry would not finish within TotalTimeout, which is 1.2 s ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Time_that_runs_out_in_a_later_round_is_told_with_the_rounds_before()
    {
        var inner = new ScriptedDialer(_clock);
        inner.Script.Enqueue(ScriptedDialer.Fail(Refused));
        inner.Script.Enqueue(ScriptedDialer.Hang);
        var dial = Create(inner).DialAsync(s_endPoint).AsTask();
        await _clock.Pass(dial, s_budget);
        var failure = await Assert.ThrowsAsync<DialException>(() => dial);
        Assert.Equal(ConnectionError.DeadlineExceeded, failure.Error);
        Assert.Equal([DialOutcome.Failed, DialOutcome.TimedOut], failure.Attempts.Select(attempt => attempt.Outcome));
        Assert.Equal(s_budget, failure.Attempts[1].Started + failure.Attempts[1].Elapsed);
    }

    // Timers have whole milliseconds, so the wait may be a part of one longer than what is left.
    [Fact]
    public async Task Time_that_runs_out_between_two_rounds_is_blamed_on_what_failed_before()
    {
        var wait = TimeSpan.FromMilliseconds(250) + new Backoff(TimeSpan.FromMilliseconds(50), 2, s_budget).Next(0, new Random(1).NextDouble());
        var budget = wait + TimeSpan.FromTicks(1);
        var inner = new ScriptedDialer(_clock) { Rest = () => new ConnectionException(ConnectionError.ResourceExhausted, "dial", remoteEndPoint: s_endPoint) };
        var dial = Create(inner, new RetryOptions { TotalTimeout = budget }).DialAsync(s_endPoint).AsTask();
        _clock.Advance(budget);
        var failure = await Assert.ThrowsAsync<DialException>(() => dial.Within());
        Assert.Equal(ConnectionError.DeadlineExceeded, failure.Error);
        Assert.Same(Assert.Single(failure.Attempts).Error, failure.InnerException);
    }

    // The dialer within is told how long it has. Were it only cancelled, nobody would learn where the last round had got to.
    [Theory]
    [InlineData(4)]
    [InlineData(0)]
    public async Task Round_that_the_budget_cuts_tells_every_attempt_of_its_own(int retries)
    {
        var network = new ScriptedConnector(_clock, "-30 . .");
        var options = new RetryOptions { MaxRetryAttempts = retries, TotalTimeout = s_budget };
        var dial = new RetryingDialer(network.MakeDialer(), options, null, _clock).DialAsync("host", 80).AsTask();
        await DialStory.Play(_clock, "two never answer", network, dial, "0:1 30:2 280:3 2000:no");
        var failure = await Fails.AsDial(ConnectionError.DeadlineExceeded, dial);
        Assert.Equal([DialOutcome.Failed, DialOutcome.TimedOut, DialOutcome.TimedOut], failure.Attempts.Select(attempt => attempt.Outcome));
        Assert.All(failure.Attempts.Skip(1), attempt => Assert.Equal(s_budget, attempt.Started + attempt.Elapsed));
        Assert.Contains("in 1 round; TotalTimeout is 2 s", failure.Message, StringComparison.Ordinal);
    }

    // The clock rings for every deadline of the process: what a stranger's dialer does when it is told must not stop it.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dialer_that_throws_or_blocks_when_the_time_is_over_does_not_stop_the_clock(bool throws)
    {
        using var blocked = new ManualResetEventSlim();
        var inner = new ScriptedDialer(_clock);
        inner.Script.Enqueue(async (endPoint, token) =>
        {
            var hanging = ScriptedDialer.Hang(endPoint, token);
            _ = token.Register(() =>
            {
                if (throws)
                {
                    throw new InvalidOperationException("on purpose");
                }

                blocked.Wait();
            });
            return await hanging;
        });
        var dial = Create(inner).DialAsync(s_endPoint).AsTask();
        try
        {
            await Waiting.OnThread(() => _clock.Advance(s_budget)).Within();
        }
        finally
        {
            blocked.Set();
        }

        Assert.Equal(ConnectionError.DeadlineExceeded, (await Assert.ThrowsAsync<DialException>(() => dial.Within())).Error);
    }

    // As in a program's own tests, where one of the two has a fake clock.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Limits_of_dialers_with_different_clocks_hold_both(bool totalIsFirst)
    {
        var clock = new FakeTimeProvider();
        var network = new ScriptedConnector(clock, ".");
        var inner = network.MakeDialer(new DialerOptions { ConnectTimeout = totalIsFirst ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(5) });
        var dial = new RetryingDialer(inner, new RetryOptions { MaxRetryAttempts = 0, TotalTimeout = s_budget }, null, _clock)
            .DialAsync("host", 80).AsTask();
        await Eventually.Equal(1, () => network.Running);
        (totalIsFirst ? _clock : clock).Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(ConnectionError.DeadlineExceeded, (await Assert.ThrowsAsync<DialException>(() => dial.Within())).Error);
    }

    [Fact]
    public async Task Budget_is_shared_among_the_addresses_that_wait()
    {
        // Four at a time, so six addresses have half of it each.
        var network = new ScriptedConnector(_clock, ". . . . . +10");
        var options = new RetryOptions { TotalTimeout = TimeSpan.FromSeconds(6) };
        var dial = new RetryingDialer(network.MakeDialer(), options, null, _clock).DialAsync("host", 80).AsTask();
        await DialStory.Play(_clock, "the last answers", network, dial, "0:1 250:2 500:3 750:4 3000:5 3125:6 3135:ok");
        await (await dial).DisposeAsync();
    }

    [Fact]
    public async Task Peer_that_uses_up_the_budget_counts_for_its_circuit()
    {
        var inner = new ScriptedDialer(_clock);
        var dialer = Create(inner, new RetryOptions { TotalTimeout = s_budget, CircuitBreaker = new CircuitBreakerOptions() });
        for (var times = 0; times < 3; times++)
        {
            inner.Script.Enqueue(ScriptedDialer.Hang);
            var dial = dialer.DialAsync(s_endPoint).AsTask();
            await _clock.Pass(dial, s_budget);
            Assert.Equal(ConnectionError.DeadlineExceeded, (await Assert.ThrowsAsync<DialException>(() => dial)).Error);
        }

        Assert.Equal(ConnectionError.CircuitOpen, (await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask())).Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Caller_who_cancels_within_a_round_gets_his_token_and_nothing_else(bool withBudget)
    {
        using var given = new CancellationTokenSource();
        var inner = new ScriptedDialer(_clock);
        inner.Script.Enqueue(ScriptedDialer.Hang);
        var dial = Create(inner, new RetryOptions { TotalTimeout = withBudget ? s_budget : null }).DialAsync(s_endPoint, given.Token).AsTask();
        await given.CancelAsync();
        await Fails.ByToken(dial, given.Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Caller_who_cancels_between_rounds_gets_his_token_at_once_around_the_last_failure(bool withBudget)
    {
        using var given = new CancellationTokenSource();
        var inner = new ScriptedDialer(_clock) { Rest = Refused };
        var dial = Create(inner, new RetryOptions { TotalTimeout = withBudget ? s_budget : null }).DialAsync(s_endPoint, given.Token).AsTask();
        await Waiting.StillWaits(dial);
        await given.CancelAsync();
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dial.Within());
        Assert.Equal(given.Token, cancelled.CancellationToken);
        Assert.Equal(ConnectionError.Refused, Assert.IsType<ConnectionException>(cancelled.InnerException, exactMatch: false).Error);
        Assert.Single(inner.Starts);
    }

    [Fact]
    public async Task Caller_who_has_cancelled_already_gets_his_token_and_nobody_is_dialled()
    {
        using var given = new CancellationTokenSource();
        await given.CancelAsync();
        var inner = new ScriptedDialer(_clock);
        await Fails.ByToken(Create(inner).DialAsync(s_endPoint, given.Token).AsTask(), given.Token);
        Assert.Empty(inner.Starts);
    }

    // A dialer that fails in its own words because it was cancelled: the caller's token says why, and the circuit hears nothing.
    [Fact]
    public async Task Failure_that_a_cancellation_brought_about_is_the_cancellation()
    {
        using var given = new CancellationTokenSource();
        var inner = new ScriptedDialer(_clock);
        var dialer = Create(inner, new RetryOptions { CircuitBreaker = new CircuitBreakerOptions { MinimumThroughput = 1 } });
        inner.Script.Enqueue(async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token).ContinueWith(static _ => { }, TaskScheduler.Default);
            throw new ConnectionException(ConnectionError.Aborted, "dial");
        });
        var dial = dialer.DialAsync(s_endPoint, given.Token).AsTask();
        await given.CancelAsync();
        await Fails.ByToken(dial, given.Token);
        await using var connection = await dialer.DialAsync(s_endPoint);
    }

    [Fact]
    public async Task Dialer_that_cancels_of_its_own_accord_fails_as_a_dial()
    {
        var inner = new ScriptedDialer(_clock) { Rest = () => new OperationCanceledException() };
        var failure = await Assert.ThrowsAsync<DialException>(() => Create(inner).DialAsync(s_endPoint).AsTask());
        Assert.Equal(ConnectionError.Aborted, failure.Error);
        Assert.Single(inner.Starts);
    }

    [Fact]
    public async Task Dial_that_ended_holds_neither_its_callers_token_nor_the_clock()
    {
        using var given = new CancellationTokenSource();
        var dialer = Create(new ScriptedDialer(_clock));
        var weak = await DialAndForgetAsync(dialer, given.Token);
        await Eventually.True(
            () =>
            {
                GC.Collect();
                return !weak.IsAlive;
            },
            "the dial is held");
        GC.KeepAlive(given);
        GC.KeepAlive(_clock);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> DialAndForgetAsync(RetryingDialer dialer, CancellationToken token)
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, 81); // held by the dial alone
        await using var connection = await dialer.DialAsync(endPoint, token);
        return new WeakReference(endPoint);
    }

    private RetryingDialer Create(ScriptedDialer inner, RetryOptions? options = null, int seed = 1) =>
        new(inner, options ?? new RetryOptions { TotalTimeout = s_budget }, null, _clock, new Random(seed));

    private sealed class SameNumber(double number) : Random
    {
        public override double NextDouble() => number;
    }

    private static ConnectionException Refused() => new(ConnectionError.Refused, "dial", remoteEndPoint: s_endPoint);
}
