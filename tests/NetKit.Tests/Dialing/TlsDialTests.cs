using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;

namespace NetKit.Tests.Dialing;

/// <summary>Dials that end with a TLS handshake.</summary>
public sealed class TlsDialTests
{
    public static TheoryData<Transport> All => TestListener.All;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_handshake_is_a_part_of_the_dial_on_every_transport(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        var dial = MakeDialer().DialAsync(listener.Listener.LocalEndPoint, Token).Within();
        await using var server = await SecureAsync(await listener.AcceptAsync());
        await using var client = Assert.IsType<TlsConnection>(await dial);
        await Talk.AssertBothWays(client, server);
    }

    [Fact]
    public async Task The_dialed_host_is_asked_for_and_its_certificate_checked_against_that()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var names = new ConcurrentQueue<string?>();
        var dialer = new Dialer(new DialerOptions
        {
            Tls = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                    certificate is not null && (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0,
            },
        });
        foreach (var (host, accepted) in new[] { ("localhost", true), ("127.0.0.1", false) })
        {
            var dial = dialer.DialAsync(host, ((IPEndPoint)listener.Listener.LocalEndPoint).Port, Token).AsTask();
            var plain = await listener.AcceptAsync();
            var server = SecureAsync(plain, names.Enqueue);
            if (accepted)
            {
                await using var client = await dial.Within();
                await using var secured = await server;
            }
            else
            {
                await Fails.AsDial(ConnectionError.TlsFailed, dial);
                await Record.ExceptionAsync(() => server);
                plain.Abort();
            }
        }

        Assert.Equal(["localhost"], names.Where(name => !string.IsNullOrEmpty(name)));
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_is_a_failure_of_tls()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var dialer = new Dialer(new DialerOptions { Tls = new SslClientAuthenticationOptions { TargetHost = "localhost" } });
        var dial = dialer.DialAsync(listener.Listener.LocalEndPoint, Token).AsTask();
        var plain = await listener.AcceptAsync();
        var server = SecureAsync(plain);
        var exception = await Fails.AsDial(ConnectionError.TlsFailed, dial);
        Assert.Equal((DialPhase.Tls, DialOutcome.Failed), (exception.Attempts[0].Phase, exception.Attempts[0].Outcome));
        Assert.IsType<AuthenticationException>(exception.InnerException!.InnerException);
        await Record.ExceptionAsync(() => server);
        plain.Abort();
    }

    [Fact]
    public async Task A_peer_that_speaks_another_language_is_a_failure_of_tls()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var dial = MakeDialer().DialAsync(listener.Listener.LocalEndPoint, Token);
        await using var server = await listener.AcceptAsync();
        await server.WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Token);
        var exception = await Fails.AsDial(ConnectionError.TlsFailed, dial);
        Assert.DoesNotContain("inner exception", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, ConnectionError.Aborted)]
    [InlineData(true, ConnectionError.Reset)]
    public async Task A_peer_that_hangs_up_in_the_handshake_is_none(bool reset, ConnectionError error)
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var dial = MakeDialer().DialAsync(listener.Listener.LocalEndPoint, Token);
        var server = await listener.AcceptAsync();
        await server.UntilReadable();
        if (reset)
        {
            server.Abort();
        }
        else
        {
            Assert.NotEqual(0, await server.ReadAsync(new byte[64 * 1024], Token));
            await server.DisposeAsync();
        }

        var exception = await Fails.AsDial(error, dial);
        Assert.Equal(DialPhase.Tls, exception.Attempts[0].Phase);
    }

    [Fact]
    public async Task A_callback_of_the_user_s_that_throws_makes_the_dial_fail()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var thrown = new InvalidOperationException("on purpose");
        var dialer = new Dialer(new DialerOptions
        {
            Tls = new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, _, _, _) => throw thrown },
        });
        var dial = dialer.DialAsync(listener.Listener.LocalEndPoint, Token).AsTask();
        var plain = await listener.AcceptAsync();
        var server = SecureAsync(plain);
        var exception = await Fails.AsDial(ConnectionError.TlsFailed, dial);
        Assert.Contains("on purpose", exception.ToString(), StringComparison.Ordinal);
        await Record.ExceptionAsync(() => server);
        plain.Abort();
    }

    [Fact]
    public async Task The_deadline_ends_a_handshake_that_the_peer_never_answers()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var dialer = MakeDialer(new DialerOptions { ConnectTimeout = TimeSpan.FromMilliseconds(100) });
        var dial = dialer.DialAsync(listener.Listener.LocalEndPoint, Token).AsTask();
        await using var server = await listener.AcceptAsync();
        var exception = await Fails.AsDial(ConnectionError.DeadlineExceeded, dial);
        var attempt = Assert.Single(exception.Attempts);
        Assert.Equal((DialPhase.Tls, DialOutcome.TimedOut), (attempt.Phase, attempt.Outcome));
        await AssertEnds(server);
    }

    [Fact]
    public async Task A_caller_s_cancellation_ends_a_handshake_that_the_peer_never_answers()
    {
        using var source = new CancellationTokenSource();
        await using var listener = TestListener.On(Transport.Tcp);
        var dial = MakeDialer().DialAsync(listener.Listener.LocalEndPoint, source.Token).AsTask();
        await using var server = await listener.AcceptAsync();
        await server.UntilReadable();
        await source.CancelAsync();
        await Fails.ByToken(dial.Within(), source.Token);
        await AssertEnds(server);
    }

    [Fact]
    public async Task The_race_is_won_by_the_full_handshake()
    {
        await using var host = TwoAddresses.Listen();
        var attempts = new ConcurrentQueue<DialAttempt>();
        var dialer = MakeDialer(new DialerOptions { AttemptDelay = TimeSpan.FromMilliseconds(100), OnAttempt = attempts.Enqueue }, host);
        var dial = dialer.DialAsync(host.Host, Token).AsTask();

        // The first accepts and says nothing.
        await using var silent = await host.First.AcceptAsync(Token).Within();
        await using var server = await SecureAsync(await host.Second.AcceptAsync(Token).Within());
        await using var client = await dial.Within();
        Assert.Equal(host.Second.LocalEndPoint, client.RemoteEndPoint);
        await Talk.AssertBothWays(client, server);

        // When the dial had ended the loser had been closed.
        await AssertEnds(silent);
        Assert.Equal(
            [(host.First.LocalEndPoint, DialPhase.Tls, DialOutcome.Lost), (host.Second.LocalEndPoint, DialPhase.Tls, DialOutcome.Connected)],
            attempts.OrderBy(attempt => attempt.Started).Select(attempt => (attempt.EndPoint, attempt.Phase, attempt.Outcome)));
    }

    [Fact]
    public async Task A_certificate_that_one_address_shows_says_nothing_about_the_others()
    {
        await using var host = TwoAddresses.Listen();
        var calls = 0;
        var dialer = host.MakeDialer(new DialerOptions
        {
            Tls = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => Interlocked.Increment(ref calls) > 1 },
        });
        var dial = dialer.DialAsync(host.Host, Token).AsTask();
        var plain = await host.First.AcceptAsync(Token).Within();
        var refused = SecureAsync(plain);
        await using var server = await SecureAsync(await host.Second.AcceptAsync(Token).Within());
        await using var client = await dial.Within();
        await Talk.AssertBothWays(client, server);
        await Record.ExceptionAsync(() => refused);
        plain.Abort();
    }

    private static Dialer MakeDialer(DialerOptions? options = null, TwoAddresses? host = null)
    {
        options ??= new DialerOptions();
        options.Tls = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost,
        };
        return host?.MakeDialer(options) ?? new Dialer(options);
    }

    private static async Task<TlsConnection> SecureAsync(Connection server, Action<string?>? named = null) =>
        await server.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateSelectionCallback = (_, name) =>
                {
                    named?.Invoke(name);
                    return Certificates.Localhost;
                },
            },
            Token).Within();

    private static async Task AssertEnds(Connection server)
    {
        try
        {
            await Peer.DrainAsync(server).Within();
        }
        catch (ConnectionException exception)
        {
            Assert.Equal(ConnectionError.Reset, exception.Error);
        }
    }
}
