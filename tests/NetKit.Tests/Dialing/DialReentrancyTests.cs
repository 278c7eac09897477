using System.Net;
using System.Net.Security;

namespace NetKit.Tests.Dialing;

/// <summary>What a user's own code, called in the middle of a dial, may do there.</summary>
public sealed class DialReentrancyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_callback_that_is_told_of_an_attempt_may_dial_by_the_same_dialer_and_wait_for_it()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var port = ((IPEndPoint)listener.Listener.LocalEndPoint).Port;
        Dialer? dialer = null;
        var nested = 0;
        dialer = new Dialer(new DialerOptions
        {
            Resolve = ResolveAsync,
            OnAttempt = _ =>
            {
                if (Interlocked.Increment(ref nested) < 4)
                {
                    using var connection = Wait(dialer!.DialAsync("host", port, Token));
                }
            },
        });
        await using var connection = await dialer.DialAsync("host", port, Token).Within();
        Assert.Equal(4, nested);
    }

    [Fact]
    public async Task A_resolver_whose_callback_throws_when_it_is_told_to_stop_troubles_nobody()
    {
        using var failure = new LateFailure();
        using var source = new CancellationTokenSource();
        var asked = new TaskCompletionSource();
        var dialer = new Dialer(new DialerOptions
        {
            Resolve = async (_, stop) =>
            {
                await using var registration = stop.UnsafeRegister(static failure => ((LateFailure)failure!).Throw(), failure);
                asked.SetResult();
                await Task.Delay(Timeout.Infinite, stop);
                return [];
            },
        });
        var dialing = dialer.DialAsync("host", 1, source.Token).AsTask();
        await asked.Task.Within();
        await source.CancelAsync();
        await Fails.ByToken(dialing.Within(), source.Token);
        await failure.IsThrownAsync();
        failure.AssertObserved();
    }

    [Fact]
    public async Task A_certificate_may_be_checked_by_another_dial_that_is_waited_for()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        await using var other = TestListener.On(Transport.Tcp);
        var plain = new Dialer(new DialerOptions { Resolve = ResolveAsync });
        var asked = 0;
        var dialer = new Dialer(new DialerOptions
        {
            Tls = new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (sender, certificate, chain, errors) =>
                {
                    using var connection = Wait(plain.DialAsync("host", ((IPEndPoint)other.Listener.LocalEndPoint).Port, Token));
                    Interlocked.Increment(ref asked);
                    return Certificates.IsLocalhost(sender, certificate, chain, errors);
                },
            },
        });
        var dial = dialer.DialAsync(listener.Listener.LocalEndPoint, Token).AsTask();
        await using var server = await (await listener.AcceptAsync()).AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost }, Token).Within();
        await using var client = await dial.Within();
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task A_resolver_may_ask_for_another_host_by_the_same_dialer()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var port = ((IPEndPoint)listener.Listener.LocalEndPoint).Port;
        Dialer? dialer = null;
        dialer = new Dialer(new DialerOptions
        {
            Resolve = async (host, token) =>
            {
                if (host == "host")
                {
                    await using var server = await dialer!.DialAsync("resolver", port, token);
                }

                return [IPAddress.Loopback];
            },
        });
        await using var connection = await dialer.DialAsync("host", port, Token).Within();
    }

    // A resolver that asks for the host that it is asked for waits for itself: the time of the dial ends that.
    [Fact]
    public async Task A_resolver_that_waits_for_itself_ends_with_the_time_of_the_dial()
    {
        Dialer? dialer = null;
        dialer = new Dialer(new DialerOptions
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(100),
            Resolve = async (host, token) =>
            {
                await using var connection = await dialer!.DialAsync(host, 80, token);
                return [IPAddress.Loopback];
            },
        });
        var exception = await Fails.AsDial(ConnectionError.DeadlineExceeded, dialer.DialAsync("host", 80, Token));
        Assert.Equal(DialPhase.NameResolution, exception.Attempts[0].Phase);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_caller_who_cancels_when_told_of_an_attempt_gets_his_token_or_the_connection_that_won(bool wins)
    {
        await using var listener = TestListener.On(Transport.Memory);
        var nobody = new IPEndPoint(IPAddress.Loopback, 9);
        using var source = new CancellationTokenSource();
        var dialer = new RetryingDialer(new Dialer(new DialerOptions
        {
            LocalEndPoint = wins ? null : new IPEndPoint(IPAddress.IPv6Loopback, 0), // of no use for IPv4
            OnAttempt = _ => source.Cancel(),
        }));
        var dial = dialer.DialAsync(wins ? listener.Listener.LocalEndPoint : nobody, source.Token).AsTask();
        if (wins)
        {
            await using var connection = await dial.Within();
        }
        else
        {
            await Fails.ByToken(dial.Within(), source.Token);
        }
    }

    [Fact]
    public async Task What_the_users_predicate_throws_is_what_the_dial_fails_with()
    {
        var thrown = new InvalidOperationException("on purpose");
        var inner = new ScriptedDialer { Rest = () => new ConnectionException(ConnectionError.Refused, "dial") };
        var dialer = new RetryingDialer(inner, new RetryOptions { ShouldRetry = _ => throw thrown });
        Assert.Same(thrown, await Assert.ThrowsAsync<InvalidOperationException>(() => dialer.DialAsync("host", 80, Token).AsTask()));
        Assert.Single(inner.Starts);
    }

    // Whoever uses one object for all that it dials must not change what a connection says of itself.
    [Fact]
    public async Task An_endpoint_may_be_changed_after_the_dial()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var given = (IPEndPoint)listener.Listener.LocalEndPoint;
        var dialed = new IPEndPoint(given.Address, given.Port);
        var attempts = new List<DialAttempt>();
        await using var connection = await new Dialer(new DialerOptions { OnAttempt = attempts.Add }).DialAsync(dialed, Token).Within();
        dialed.Port = 1;
        Assert.Equal(given, connection.RemoteEndPoint);
        Assert.Equal(given, attempts[0].EndPoint);
    }

    private static ValueTask<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<IPAddress>>([IPAddress.Loopback]);

    // It blocks on purpose.
    private static Connection Wait(ValueTask<Connection> dial)
    {
        var task = dial.AsTask();
        Assert.True(((IAsyncResult)task).AsyncWaitHandle.WaitOne(Eventually.Bound));
        return task.Result;
    }
}
