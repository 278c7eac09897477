using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Dialing;

public sealed class RetryingDialerTests
{
    private static readonly DnsEndPoint s_endPoint = new("server.example", 80);
    private static readonly IPEndPoint s_address = new(IPAddress.Parse("192.0.2.7"), 80);
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Dial_that_succeeds_is_not_repeated()
    {
        var inner = new ScriptedDialer(_clock);
        await using var connection = await Create(inner).DialAsync(s_endPoint);
        Assert.Single(inner.Starts);
    }

    [Fact]
    public async Task Dial_is_repeated_until_it_succeeds()
    {
        var inner = new ScriptedDialer(_clock);
        for (var times = 0; times < 4; times++)
        {
            inner.Script.Enqueue(ScriptedDialer.Fail(Refused));
        }

        var dial = Create(inner).DialAsync(s_endPoint).AsTask();
        await _clock.Pass(dial, s_minute);
        await using var connection = await dial;
        Assert.Equal(5, inner.Starts.Count);
    }

    [Fact]
    public async Task Waits_are_within_the_backoff_and_never_shorter()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var inner = new ScriptedDialer(_clock) { Rest = Refused };
            await FailAsync(Create(inner, new RetryOptions { MaxRetryAttempts = 8 }, seed));
            Assert.Equal(9, inner.Starts.Count);
            for (var retry = 0; retry < 8; retry++)
            {
                var backoff = new Backoff(TimeSpan.FromMilliseconds(50), 2, TimeSpan.FromSeconds(2));

                // Timers have whole milliseconds.
                Assert.InRange(
                    inner.Starts[retry + 1] - inner.Starts[retry],
                    backoff.Floor(retry),
                    backoff.Ceiling(retry) + TimeSpan.FromMilliseconds(1));
            }
        }
    }

    [Fact]
    public async Task Last_error_lists_every_attempt_of_every_round()
    {
        var inner = new ScriptedDialer(_clock);
        inner.Script.Enqueue(ScriptedDialer.FailAfter(TimeSpan.FromMilliseconds(500), _clock, () => Round(SocketError.NetworkUnreachable, SocketError.ConnectionRefused)));
        inner.Script.Enqueue(ScriptedDialer.FailAfter(TimeSpan.FromMilliseconds(500), _clock, () => Round(SocketError.NetworkUnreachable, SocketError.TimedOut)));
        inner.Script.Enqueue(ScriptedDialer.FailAfter(TimeSpan.FromMilliseconds(500), _clock, () => Round(SocketError.ConnectionReset)));
        var failure = await FailAsync(Create(inner, new RetryOptions { MaxRetryAttempts = 2 }));

        Assert.Equal(ConnectionError.Reset, failure.Error);
        Assert.Same(s_endPoint, failure.RemoteEndPoint);
        Assert.Equal(
            [ConnectionError.Unreachable, ConnectionError.Refused, ConnectionError.Unreachable, ConnectionError.TimedOut, ConnectionError.Reset],
            failure.Attempts.Select(attempt => attempt.Error!.Error));
        Assert.Equal(ConnectionError.Reset, Assert.IsType<ConnectionException>(failure.InnerException).Error);
        Assert.StartsWith(
            "dial server.example:80: reset by the peer, in 3 rounds; MaxRetryAttempts is 2 (attempts: 5; 192.0.2.7:80: connect failed 2 times, at 0 ms and 500 ms, ",
            failure.Message,
            StringComparison.Ordinal);
        Assert.All(failure.Attempts, attempt => Fails.AssertTells(attempt, failure.Message));

        // A round that took half a second used up every wait: the next begins at once.
        Assert.Equal([0, 10, 500, 510, 1000], failure.Attempts.Select(attempt => attempt.Started.TotalMilliseconds));
        Fails.AssertWellFormed(failure);
    }

    [Fact]
    public async Task Failure_that_is_no_dial_report_becomes_an_attempt()
    {
        var failure = await FailAsync(Create(new ScriptedDialer(_clock) { Rest = Refused }, new RetryOptions { MaxRetryAttempts = 1 }));
        Assert.Equal(2, failure.Attempts.Count);
        Assert.All(failure.Attempts, attempt =>
        {
            Assert.Equal(s_address, attempt.EndPoint);
            Assert.Equal(DialOutcome.Failed, attempt.Outcome);
            Assert.Equal(ConnectionError.Refused, attempt.Error!.Error);
        });
        Assert.Equal(TimeSpan.Zero, failure.Attempts[0].Started);
        Assert.NotEqual(TimeSpan.Zero, failure.Attempts[1].Started);
    }

    [Fact]
    public async Task Raw_socket_error_of_a_dialer_is_put_in_our_words_and_retried()
    {
        var inner = new ScriptedDialer(_clock) { Rest = () => new SocketException((int)SocketError.ConnectionRefused) };
        var failure = await FailAsync(Create(inner));
        Assert.Equal(ConnectionError.Refused, failure.Error);
        Assert.Equal(5, inner.Starts.Count);
    }

    public static TheoryData<string, Func<Exception>> Final => new()
    {
        { "access denied", () => Round(SocketError.AccessDenied) },
        { "bad argument", () => Round(SocketError.InvalidArgument) },
        { "unsupported family", () => Round(SocketError.AddressFamilyNotSupported) },
        { "certificate", () => new ConnectionException(ConnectionError.TlsFailed, "TLS handshake", innerException: new AuthenticationException()) },
        { "unknown host", () => Round(SocketError.HostNotFound) },
        { "resolver failed for good", () => Round(SocketError.NoRecovery) },
        { "open circuit below", () => new DialException(ConnectionError.CircuitOpen, s_endPoint, []) },
        { "closed here", () => new ConnectionException(ConnectionError.Closed, "dial") },
    };

    [Theory]
    [MemberData(nameof(Final))]
    public async Task What_does_not_get_better_is_tried_once_and_counts_for_no_circuit(string name, Func<Exception> failure)
    {
        var inner = new ScriptedDialer(_clock) { Rest = failure };
        var dialer = Create(inner, new RetryOptions { CircuitBreaker = new CircuitBreakerOptions() });
        for (var times = 1; times <= 10; times++)
        {
            var dial = dialer.DialAsync(s_endPoint).AsTask();
            Assert.True(dial.IsCompleted, name);
            await Assert.ThrowsAsync<DialException>(() => dial);
            Assert.Equal(times, inner.Starts.Count);
        }
    }

    [Fact]
    public async Task Program_error_passes_as_it_is_and_is_not_repeated()
    {
        var error = new NotSupportedException();
        var inner = new ScriptedDialer(_clock) { Rest = () => error };
        Assert.Same(error, await Assert.ThrowsAsync<NotSupportedException>(() => Create(inner).DialAsync(s_endPoint).AsTask()));
        Assert.Single(inner.Starts);
        await Assert.ThrowsAsync<ArgumentNullException>(() => Create(inner).DialAsync(null!).AsTask());
        Assert.Throws<ArgumentNullException>(() => new RetryingDialer(null!));
        Assert.Throws<ArgumentNullException>(() => new RetryingDialer(inner, (Polly.ResiliencePipeline)null!));
    }

    [Fact]
    public async Task Exhaustion_on_this_side_is_retried_with_patience_and_never_opens_the_circuit()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var inner = new ScriptedDialer(_clock) { Rest = () => Round(SocketError.TooManyOpenSockets) };
            await FailAsync(Create(inner, new RetryOptions { CircuitBreaker = new CircuitBreakerOptions { MinimumThroughput = 1 } }, seed));
            Assert.Equal(5, inner.Starts.Count);
            Assert.All(
                inner.Starts.Zip(inner.Starts.Skip(1)),
                pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromMilliseconds(250), $"{pair.Second - pair.First}"));
        }
    }

    [Fact]
    public async Task Host_that_existed_before_gets_one_more_try_after_a_tenth_of_a_second()
    {
        var inner = new ScriptedDialer(_clock);
        var dialer = Create(inner);
        await (await dialer.DialAsync(s_endPoint)).DisposeAsync();

        var unknown = ScriptedDialer.Fail(() => Round(SocketError.HostNotFound));
        inner.Script.Enqueue(unknown);
        var dial = dialer.DialAsync(s_endPoint).AsTask();
        await _clock.Pass(dial, s_minute);
        await (await dial).DisposeAsync();
        Assert.InRange(inner.Starts[2] - inner.Starts[1], TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(151));

        inner.Script.Enqueue(unknown);
        inner.Script.Enqueue(unknown);
        Assert.Equal(2, (await FailAsync(dialer)).Attempts.Count);

        // Another host is another matter.
        inner.Script.Enqueue(unknown);
        var first = await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(new DnsEndPoint("other.example", 80)).AsTask());
        Assert.Single(first.Attempts);
    }

    [Fact]
    public async Task Users_predicate_decides_alone_what_is_retried_and_nothing_about_the_circuit()
    {
        var asked = new List<ConnectionError>();
        bool Decide(ConnectionException failure)
        {
            asked.Add(failure.Error);
            return failure.Error == ConnectionError.AccessDenied;
        }

        var inner = new ScriptedDialer(_clock) { Rest = () => Round(SocketError.ConnectionRefused) };
        inner.Script.Enqueue(ScriptedDialer.Fail(() => Round(SocketError.AccessDenied)));
        inner.Script.Enqueue(ScriptedDialer.Fail(() => Round(SocketError.AccessDenied)));
        var dialer = Create(inner, new RetryOptions { ShouldRetry = Decide, CircuitBreaker = new CircuitBreakerOptions() });
        await FailAsync(dialer);
        Assert.Equal([ConnectionError.AccessDenied, ConnectionError.AccessDenied, ConnectionError.Refused], asked);

        // The denials do not count, the refusals do.
        await FailAsync(dialer);
        Assert.Equal(ConnectionError.Refused, (await FailAsync(dialer)).Error);
        Assert.Equal(ConnectionError.CircuitOpen, (await FailAsync(dialer)).Error);
        Assert.Equal(5, inner.Starts.Count);
    }

    [Fact]
    public async Task Users_predicate_that_wants_to_sit_an_open_circuit_out_may()
    {
        var inner = new ScriptedDialer(_clock);
        for (var times = 0; times < 3; times++)
        {
            inner.Script.Enqueue(ScriptedDialer.Fail(Refused));
        }

        var dialer = Create(
            inner, new RetryOptions { MaxRetryAttempts = 100, ShouldRetry = _ => true, CircuitBreaker = new CircuitBreakerOptions() });
        var dial = dialer.DialAsync(s_endPoint).AsTask();
        await _clock.Pass(dial, s_minute);
        await using var connection = await dial;
        Assert.Equal(4, inner.Starts.Count);
        Assert.True(inner.Starts[3] - inner.Starts[2] >= TimeSpan.FromSeconds(0.8));
    }

    [Fact]
    public async Task Open_circuit_names_the_cause_and_the_next_probe_to_each_caller_in_an_exception_of_its_own()
    {
        var inner = new ScriptedDialer(_clock) { Rest = () => Round(SocketError.ConnectionRefused) };
        var dialer = Create(inner, new RetryOptions { CircuitBreaker = new CircuitBreakerOptions() });
        var tripped = await FailAsync(dialer);
        Assert.Equal(ConnectionError.Refused, tripped.Error);
        Assert.Equal(3, tripped.Attempts.Count);
        Assert.Contains("in 3 rounds; the circuit has opened (attempts: 3; ", tripped.Message, StringComparison.Ordinal);

        var (first, second) = (await FailAsync(dialer), await FailAsync(dialer));
        Assert.NotSame(first, second);
        foreach (var refusal in new[] { first, second })
        {
            Assert.Equal(ConnectionError.CircuitOpen, refusal.Error);
            Assert.Equal(ConnectionError.Refused, Assert.IsType<DialException>(refusal.InnerException).Error);
            Assert.Empty(refusal.Attempts);
            Assert.Matches(
                @"^dial server\.example:80: the circuit is open after recent failures, the next dial may probe it in [01]\.\d{3} s; the last failure: dial .*connection refused",
                refusal.Message);
            Fails.AssertWellFormed(refusal);
        }

        // Another endpoint has a circuit of its own.
        Assert.Equal(ConnectionError.Refused, (await Assert.ThrowsAsync<DialException>(async () =>
        {
            var dial = dialer.DialAsync(new DnsEndPoint("server.example", 81)).AsTask();
            await _clock.Pass(dial, s_minute);
            await dial;
        })).Error);
    }

    [Fact]
    public async Task Flood_of_endpoints_is_remembered_within_bounds()
    {
        var dialer = Create(
            new ScriptedDialer(_clock) { Rest = () => Round(SocketError.ConnectionRefused) },
            new RetryOptions { MaxRetryAttempts = 0, CircuitBreaker = new CircuitBreakerOptions { MinimumThroughput = 1 } });
        await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask());
        Assert.Equal(ConnectionError.CircuitOpen, (await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask())).Error);
        for (var port = 1; port <= 5_000; port++)
        {
            await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(new IPEndPoint(IPAddress.Loopback, port)).AsTask());
        }

        // Pushed out: that is the price.
        Assert.Equal(ConnectionError.Refused, (await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(s_endPoint).AsTask())).Error);
    }

    private RetryingDialer Create(ScriptedDialer inner, RetryOptions? options = null, int seed = 1) =>
        new(inner, options, null, _clock, new Random(seed));

    private async Task<DialException> FailAsync(RetryingDialer dialer)
    {
        var dial = dialer.DialAsync(s_endPoint).AsTask();
        await _clock.Pass(dial, s_minute);
        return await Assert.ThrowsAsync<DialException>(() => dial);
    }

    private static ConnectionException Refused() => new(ConnectionError.Refused, "dial", remoteEndPoint: s_address);

    // As the dialer reports a round: its addresses 10 ms apart.
    private static DialException Round(params SocketError[] errors)
    {
        var attempts = errors.Select((error, index) => new DialAttempt(
            s_address,
            DialPhase.Connect,
            TimeSpan.FromMilliseconds(10 * index),
            TimeSpan.FromMilliseconds(5),
            DialOutcome.Failed,
            SocketErrors.ToException(new SocketException((int)error), "dial", null, s_address))).ToArray();
        return new DialException(attempts[0].Error!.Error, s_endPoint, attempts);
    }
}
