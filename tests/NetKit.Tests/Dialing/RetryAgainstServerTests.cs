using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace NetKit.Tests.Dialing;

/// <summary>Retries against a server that follows a script, on real sockets and the real clock.</summary>
[Collection(nameof(Alone))]
public sealed class RetryAgainstServerTests : IDisposable
{
    private static readonly RetryOptions s_patient = new() { MaxRetryAttempts = 1_000, Delay = TimeSpan.FromMilliseconds(20), TotalTimeout = TimeSpan.FromSeconds(2) };

    // Refuses until it listens.
    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly List<DialAttempt> _attempts = [];
    private readonly List<long> _starts = [];
    private long _begun; // before the dial
    private readonly List<Socket> _held = [];

    public RetryAgainstServerTests() => _server.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    private EndPoint EndPoint => _server.LocalEndPoint!;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Server_that_refuses_some_times_is_reached_in_the_round_after(int times)
    {
        var options = new DialerOptions { OnAttempt = attempt => ListenAfter(attempt, times) };
        await using var connection = await Retrying(options, new RetryOptions { MaxRetryAttempts = times }).DialAsync(EndPoint).Within();
        Assert.Equal([.. Enumerable.Repeat(DialOutcome.Failed, times), DialOutcome.Connected], _attempts.Select(attempt => attempt.Outcome));
        AssertWithinTheBackoff(new RetryOptions());
    }

    [Fact]
    public async Task Server_that_refuses_for_ever_is_dialled_within_the_backoff_until_the_time_is_short_and_every_attempt_is_told()
    {
        var (failure, elapsed) = await FailAsync(Retrying(new DialerOptions(), s_patient));
        Assert.Equal(ConnectionError.Refused, failure.Error);
        AssertTells(failure);
        AssertWithinTheBackoff(s_patient);
        Assert.InRange(elapsed, TimeSpan.Zero, s_patient.TotalTimeout!.Value + TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task Server_that_accepts_and_hangs_up_is_dialled_within_the_backoff_and_every_attempt_is_told()
    {
        _server.Listen();
        var accepted = 0;
        var serving = ServeAsync(client =>
        {
            accepted++;
            client.Close(0); // with the client's greeting unread: a reset, or an end, as the race goes
            return Task.CompletedTask;
        });
        var options = new RetryOptions { MaxRetryAttempts = 5, Delay = TimeSpan.FromMilliseconds(20) };
        var (failure, _) = await FailAsync(Retrying(WithTls(), options));
        Assert.Equal(6, failure.Attempts.Count);
        AssertTells(failure);
        AssertWithinTheBackoff(options);
        _server.Dispose();
        await serving;
        Assert.Equal(6, accepted);
    }

    [Fact]
    public async Task Unix_socket_that_is_not_there_is_called_that_in_the_first_words_too()
    {
        var nowhere = new UnixDomainSocketEndPoint(Path.Combine(Path.GetTempPath(), $"netkit-{Guid.NewGuid():N}.sock"));
        var dialer = new RetryingDialer(new Dialer(), new RetryOptions { MaxRetryAttempts = 1, Delay = TimeSpan.Zero });
        var failure = await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(nowhere).Within());
        Assert.Equal(ConnectionError.Refused, failure.Error);
        Assert.Contains($"{nowhere}: there is no such socket, in 2 rounds; MaxRetryAttempts is 1 (", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_that_nobody_vouches_for_is_looked_at_once()
    {
        _server.Listen();
        var accepted = 0;
        var serving = ServeAsync(async client =>
        {
            accepted++;
            await using var connection = Connection.FromSocket(client);
            await Record.ExceptionAsync(async () => await connection.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost }));
        });
        var tls = new DialerOptions { Tls = new SslClientAuthenticationOptions { TargetHost = "localhost" } };
        var (failure, _) = await FailAsync(Retrying(tls, s_patient));
        Assert.Equal(ConnectionError.TlsFailed, failure.Error);
        Assert.Single(failure.Attempts);
        _server.Dispose();
        await serving;
        Assert.Equal(1, accepted);
    }

    // A queue that is full lets nobody in and tells nobody so: the packets are dropped.
    [Fact]
    public Task Black_hole_ends_with_the_budget()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems refuse what does not fit into the queue.");
        _server.Listen(0);
        for (var times = 0; times < 2; times++)
        {
            var filler = new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _held.Add(filler);
            Assert.Throws<SocketException>(() => filler.Connect(EndPoint));
        }

        return AssertEndsWithTheBudgetAsync(new DialerOptions(), DialPhase.Connect);
    }

    [Fact]
    public async Task Peer_that_accepts_and_never_answers_tls_ends_with_the_budget()
    {
        _server.Listen();
        var serving = ServeAsync(client =>
        {
            _held.Add(client);
            return Task.CompletedTask;
        });
        await AssertEndsWithTheBudgetAsync(WithTls(), DialPhase.Tls);
        _server.Dispose();
        await serving;
    }

    [Fact]
    public async Task Address_that_the_system_denies_access_to_is_tried_once()
    {
        await using var network = await NetworkNamespace.CreateAsync();
        await network.ProhibitAsync("203.0.113.9");
        Assert.Equal(["AccessDenied 1"], await network.RunAsync(Repository.ProgramOf("NetKit.Tests.Dialer"), "denied", "203.0.113.9"));
    }

    // In a process of its own, which has no descriptor left until three attempts have failed by that.
    [Fact]
    public async Task Process_out_of_descriptors_dials_with_patience_until_it_has_some_again_and_blames_nobody()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "prlimit is Linux's.");
        var lines = await ProcessRun.LinesOfAsync("prlimit", "--nofile=128:128", Repository.ProgramOf("NetKit.Tests.Dialer"), "exhausted");
        var attempts = lines.Select(static line => line.Split(' ')).ToList();
        Assert.Equal(["ResourceExhausted", "ResourceExhausted", "ResourceExhausted", "ok"], attempts.Select(static attempt => attempt[0]));
        var starts = attempts.Select(static attempt => double.Parse(attempt[1], CultureInfo.InvariantCulture)).ToList();
        Assert.All(starts.Zip(starts.Skip(1)), static pair => Assert.True(pair.Second - pair.First >= 250, $"{pair}"));
    }

    public void Dispose()
    {
        _server.Dispose();
        _held.ForEach(static socket => socket.Dispose());
    }

    private static DialerOptions WithTls() =>
        new() { Tls = new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost } };

    private RetryingDialer Retrying(DialerOptions options, RetryOptions retry)
    {
        var onAttempt = options.OnAttempt;
        options.OnAttempt = attempt =>
        {
            _attempts.Add(attempt);
            onAttempt?.Invoke(attempt);
        };

        // Just before an attempt begins.
        options.Socket.Configure = _ => _starts.Add(Stopwatch.GetTimestamp());
        _begun = Stopwatch.GetTimestamp();
        return new RetryingDialer(new Dialer(options), retry);
    }

    private void ListenAfter(DialAttempt attempt, int times)
    {
        if (attempt.Outcome == DialOutcome.Failed && _attempts.Count == times)
        {
            _server.Listen();
        }
    }

    private async Task<(DialException Failure, TimeSpan Elapsed)> FailAsync(RetryingDialer dialer)
    {
        var start = Stopwatch.GetTimestamp();
        var failure = await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(EndPoint).Within());
        var elapsed = Stopwatch.GetElapsedTime(start);
        Fails.AssertWellFormed(failure);
        return (failure, elapsed);
    }

    private async Task AssertEndsWithTheBudgetAsync(DialerOptions options, DialPhase phase)
    {
        // Several, since one may have a busy neighbour: none is early, and the quickest shows that nothing else was waited for.
        var retry = new RetryOptions { TotalTimeout = TimeSpan.FromSeconds(2) };
        var dialer = new RetryingDialer(new Dialer(options), retry);
        var dials = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => FailAsync(dialer)));
        Assert.InRange(dials.Min(dial => dial.Elapsed), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2.1));
        foreach (var (failure, _) in dials)
        {
            Assert.Equal(ConnectionError.DeadlineExceeded, failure.Error);
            Assert.Contains("TotalTimeout is 2 s", failure.Message, StringComparison.Ordinal);
            var attempt = Assert.Single(failure.Attempts);
            Assert.Equal((phase, DialOutcome.TimedOut), (attempt.Phase, attempt.Outcome));
        }
    }

    /// <summary>The rate of the attempts is bounded: by each, the shortest waits of the backoff have passed since the beginning of the dial.</summary>
    /// <remarks>Not from one attempt to the next: a wait counts from the beginning of its round, and a round that begins its attempt late takes from the wait.</remarks>
    private void AssertWithinTheBackoff(RetryOptions options)
    {
        var backoff = new Backoff(options.Delay, options.Multiplier, options.MaxDelay);
        Assert.Equal(_attempts.Count, _starts.Count);
        var shortest = TimeSpan.Zero;
        for (var retry = 0; retry + 1 < _starts.Count; retry++)
        {
            shortest += backoff.Floor(retry);
            var passed = Stopwatch.GetElapsedTime(_begun, _starts[retry + 1]);
            Assert.True(passed >= shortest, string.Create(CultureInfo.InvariantCulture, $"Retry {retry} began after {passed.TotalMilliseconds} ms, not {shortest.TotalMilliseconds} ms"));
        }
    }

    private void AssertTells(DialException failure)
    {
        Assert.True(failure.Attempts.Count > 1);
        Assert.Equal(_attempts.Count, failure.Attempts.Count);
        Assert.Contains($"attempts: {failure.Attempts.Count}; ", failure.Message, StringComparison.Ordinal);
        Assert.All(failure.Attempts, attempt => Fails.AssertTells(attempt, failure.Message));

        // What OnAttempt told and what the exception tells is on one clock.
        Assert.Equal(_attempts.Select(static attempt => attempt.Started), failure.Attempts.Select(static attempt => attempt.Started));
    }

    private async Task ServeAsync(Func<Socket, Task> serve)
    {
        try
        {
            while (true)
            {
                await serve(await _server.AcceptAsync());
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
        {
            // The test is over.
        }
    }
}
