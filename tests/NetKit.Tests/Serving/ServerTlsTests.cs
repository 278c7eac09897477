using System.Collections;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Serving;

public sealed class ServerTlsTests
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ConnectionServerOptions WithTls => new() { Tls = new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost } };

    [Fact]
    public async Task The_handler_gets_the_encrypted_connection_with_what_was_agreed_on()
    {
        var options = WithTls;
        options.Tls!.ApplicationProtocols = [SslApplicationProtocol.Http2, new SslApplicationProtocol("echo")];
        await using var server = RunningServer.OnTcp(
            (connection, stopping) =>
            {
                var tls = Assert.IsType<TlsConnection>(connection);
                Assert.Equal("echo", tls.NegotiatedApplicationProtocol.ToString());
                Assert.NotNull(tls.RemoteEndPoint);
                return RunningServer.EchoAsync(connection, stopping);
            },
            options);
        await using var client = await server.DialTlsAsync(TlsClient.Asking(protocols: [new SslApplicationProtocol("echo")]));
        Assert.Equal("echo", client.NegotiatedApplicationProtocol.ToString());
        Assert.Equal(Certificates.Localhost.Thumbprint, client.RemoteCertificate!.Thumbprint);
        Assert.Equal(1, server.Server.ActiveConnections);
    }

    [Fact]
    public async Task The_host_that_a_client_asks_for_chooses_the_certificate()
    {
        using X509Certificate2 first = Certificates.Make("first.example"), second = Certificates.Make("second.example");
        var contexts = new[] { first, second }.ToDictionary(
            static certificate => certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false),
            static certificate => SslStreamCertificateContext.Create(certificate, null));
        var bySelector = new ConnectionServerOptions
        {
            TlsSelector = (_, hello, _, _) => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = contexts[hello.ServerName] }),
        };
        var byCallback = new ConnectionServerOptions
        {
            Tls = new SslServerAuthenticationOptions { ServerCertificateSelectionCallback = (_, host) => contexts.GetValueOrDefault(host!)?.TargetCertificate! },
        };
        foreach (var options in new[] { bySelector, byCallback })
        {
            await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options);
            foreach (var certificate in new[] { first, second, first })
            {
                var host = certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false);
                await using var client = await server.DialTlsAsync(TlsClient.Asking(host));
                Assert.Equal(certificate.Thumbprint, client.RemoteCertificate!.Thumbprint);
            }

            await server.AssertRefused(TlsClient.Asking("other.example"));
            await using var next = await server.DialTlsAsync(TlsClient.Asking("first.example"));
        }
    }

    [Fact]
    public async Task A_client_that_fails_its_handshake_never_reaches_the_handler_and_stops_nobody()
    {
        var handled = 0;
        var log = new RecordingLogger();
        var options = WithTls;
        options.Tls!.ApplicationProtocols = [new SslApplicationProtocol("echo")];
        (options.MaxConnections, options.LimitMode) = (1, ConnectionLimitMode.Wait);
        await using var server = RunningServer.OnTcp(
            (connection, stopping) =>
            {
                Interlocked.Increment(ref handled);
                return RunningServer.EchoAsync(connection, stopping);
            },
            options,
            log);

        // No TLS at all; TLS that does not agree; a client that leaves in the middle of its first message.
        var plain = await server.DialAsync();
        await plain.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), Token);
        while (await Talk.TryReadByteAsync(plain) >= 0)
        {
            // The alert, which says why.
        }

        await server.AssertRefused(TlsClient.Asking(protocols: [new SslApplicationProtocol("other")]));
        var leaves = await server.DialAsync();
        await leaves.WriteAsync(new byte[] { 0x16, 3, 1, 1, 0, 1 }, Token);
        await leaves.DisposeAsync();

        await using var client = await server.DialTlsAsync(TlsClient.Asking(protocols: [new SslApplicationProtocol("echo")]));
        Assert.Equal(1, handled);
        Assert.Equal(3, log.CountOf(220));
        Assert.DoesNotContain(log.Entries, static entry => entry.Level > Microsoft.Extensions.Logging.LogLevel.Information);
        await server.StopAsync();
        Assert.Equal(0, server.Server.Prefaces!.Count);
        Assert.Equal(0, server.Server.Prefaces.Gate.Taken);
    }

    [Fact]
    public async Task A_client_without_the_certificate_that_is_required_never_reaches_the_handler()
    {
        var options = WithTls;
        options.Tls!.ClientCertificateRequired = true;
        options.Tls.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null;
        await using var server = RunningServer.OnTcp(
            (connection, stopping) =>
            {
                Assert.NotNull(((TlsConnection)connection).RemoteCertificate);
                return RunningServer.EchoAsync(connection, stopping);
            },
            options);
        await server.AssertRefused();
        var asking = TlsClient.Asking();
        asking.ClientCertificates = [Certificates.Localhost];
        await using var client = await server.DialTlsAsync(asking);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task A_client_that_does_not_finish_is_reset_when_its_time_is_over_and_not_before(int bytes)
    {
        var clock = new FakeTimeProvider();
        var log = new RecordingLogger();
        var options = WithTls;
        options.HandshakeTimeout = s_timeout;
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, options, log, clock);
        var slow = await server.DialAsync();
        await Eventually.Equal(1, () => server.Server.Prefaces!.Count);
        clock.Advance(s_timeout / 2);

        // Of a first message of 256 bytes, which does not begin the time anew.
        byte[] hello = [0x16, 3, 1, 1, 0, .. new byte[95]];
        await slow.WriteAsync(hello.AsMemory(0, bytes), Token);
        var answer = slow.ReadAsync(new byte[1], Token).AsTask();
        clock.Advance((s_timeout / 2) - TimeSpan.FromTicks(1));
        await Waiting.StillWaits(answer);
        Assert.Equal(1, server.Server.Prefaces!.Count);

        clock.Advance(TimeSpan.FromTicks(1));
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
        WellFormed.Assert(await Record.ExceptionAsync(() => answer.Within()), ConnectionError.Reset, "read");
        var entry = Assert.Single(log.Entries, static entry => entry.Id == 220);
        Assert.Contains("deadline", entry.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_time_covers_the_wait_at_the_gate_and_the_PROXY_header()
    {
        var clock = new FakeTimeProvider();
        using var release = new ManualResetEventSlim();
        var computing = 0;
        var options = new ConnectionServerOptions
        {
            HandshakeTimeout = s_timeout,
            MaxConcurrentHandshakes = 1,
            ProxyProtocol = new ProxyProtocolOptions { TrustedNetworks = [System.Net.IPNetwork.Parse("0.0.0.0/0")] },
            TlsSelector = (_, _, _, _) =>
            {
                Interlocked.Increment(ref computing);
                release.Wait(CancellationToken.None);
                return ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost });
            },
        };
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, options, timeProvider: clock);
        var first = await BeginAsync();
        await Eventually.Equal(1, () => Volatile.Read(ref computing));
        clock.Advance(s_timeout / 2);
        var second = await BeginAsync();
        var withoutHeader = await server.DialAsync();
        await Eventually.Equal(3, () => server.Server.Prefaces!.Count);
        clock.Advance(s_timeout - TimeSpan.FromTicks(1));
        await Waiting.StillWaits(second);

        clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(ConnectionError.Reset, (await Assert.ThrowsAnyAsync<ConnectionException>(() => second.Within())).Error);
        Assert.Equal(-1, await Talk.TryReadByteAsync(withoutHeader));
        Assert.Equal(1, computing);

        // The first was out of time as well, and finds that out when its callback comes back.
        release.Set();
        await Assert.ThrowsAnyAsync<ConnectionException>(() => first.Within());
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
        Assert.Equal(0, server.Server.Prefaces!.Gate.Taken);

        async Task<Task> BeginAsync()
        {
            var client = await server.DialAsync();
            await client.WriteAsync("PROXY UNKNOWN\r\n"u8.ToArray(), Token);
            return client.AuthenticateAsClientAsync(TlsClient.Asking(), Token).AsTask();
        }
    }

    [Fact]
    public async Task No_more_handshakes_compute_at_a_time_than_there_are_places_and_none_on_a_loop()
    {
        const int places = 2;
        var (inside, most, onLoops) = (0, 0, 0);
        var options = new ConnectionServerOptions
        {
            MaxConcurrentHandshakes = places,
            TlsSelector = (_, _, _, _) =>
            {
                var now = Interlocked.Increment(ref inside);
                InterlockedMax(ref most, now);
                if (LoopThread.CurrentLoop is not null)
                {
                    Interlocked.Increment(ref onLoops);
                }

                Thread.Sleep(5);
                Interlocked.Decrement(ref inside);
                return ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost });
            },
        };
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options);
        var clients = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => server.DialTlsAsync()));
        Assert.Equal(places, most);
        Assert.Equal(0, onLoops);
        Assert.All(clients, static client => client.Abort());
        await Eventually.Equal(0, () => server.Server.ActiveConnections);
        Assert.Equal(0, server.Server.Prefaces!.Gate.Taken);
    }

    [Fact]
    public async Task After_the_handshake_the_handler_goes_on_where_it_would_have_without()
    {
        Assert.SkipUnless(SocketEngines.IsPolled(SocketEngine.Automatic), "Only the engine on Linux has loops.");
        var onLoop = new TaskCompletionSource<bool>();
        await using var server = RunningServer.OnTcp(
            (connection, stopping) =>
            {
                onLoop.SetResult(LoopThread.CurrentLoop is not null);
                return RunningServer.EchoAsync(connection, stopping);
            },
            WithTls);
        await using var client = await server.DialTlsAsync();
        Assert.True(await onLoop.Task.Within());
    }

    [Fact]
    public async Task A_drain_ends_handshakes_at_once_and_counts_served_connections_only()
    {
        var options = WithTls;
        options.DrainTimeout = TimeSpan.FromMinutes(5);
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options);
        await using var served = await server.DialTlsAsync();
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
        var silent = await server.DialAsync();
        var half = await server.DialAsync();
        await half.WriteAsync(new byte[] { 0x16, 3, 1, 1, 0, 1 }, Token);
        await Eventually.Equal(2, () => server.Server.Prefaces!.Count);

        Assert.Equal(new DrainResult(1, 0), await server.StopAsync());
        Assert.Equal(-1, await Talk.TryReadByteAsync(silent));
        Assert.Equal(-1, await Talk.TryReadByteAsync(half));
        Assert.Equal(0, server.Server.Prefaces!.Count);
    }

    [Fact]
    public async Task A_callback_that_hangs_does_not_hold_the_drain_and_its_client_gets_no_handler()
    {
        using var release = new ManualResetEventSlim();
        var (entered, handled) = (0, 0);
        var options = new ConnectionServerOptions
        {
            TlsSelector = (_, _, _, _) =>
            {
                Interlocked.Increment(ref entered);
                release.Wait(CancellationToken.None);
                return ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost });
            },
        };
        await using var server = RunningServer.OnTcp(
            (_, _) =>
            {
                Interlocked.Increment(ref handled);
                return Task.CompletedTask;
            },
            options);
        var client = await server.DialAsync();
        var handshake = client.AuthenticateAsClientAsync(TlsClient.Asking(), Token).AsTask();
        await Eventually.Equal(1, () => Volatile.Read(ref entered));
        Assert.Equal(new DrainResult(0, 0), await server.StopAsync());
        release.Set();
        await Assert.ThrowsAnyAsync<ConnectionException>(() => handshake.Within());
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
        Assert.Equal(0, handled);
    }

    [Fact]
    public async Task A_drain_waits_until_the_last_handshake_has_ended_and_no_longer()
    {
        using var release = new ManualResetEventSlim();
        var asked = 0;
        var options = new ConnectionServerOptions
        {
            TlsSelector = (_, hello, _, _) =>
            {
                if (hello.ServerName == "slow.example")
                {
                    Interlocked.Increment(ref asked);
                    release.Wait(CancellationToken.None);
                }

                return ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost });
            },
        };

        // Its clock stands still: however long this takes, nobody's patience comes to its end.
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, options, timeProvider: new FakeTimeProvider());
        (await server.DialTlsAsync()).Abort();
        await Eventually.Equal((0, 0), () => (server.Server.Prefaces!.Count, server.Server.ActiveConnections));
        var client = await server.DialAsync();
        var handshake = client.AuthenticateAsClientAsync(TlsClient.Asking("slow.example"), Token).AsTask();
        await Eventually.Equal(1, () => Volatile.Read(ref asked));
        server.BeginStop();
        await Waiting.StillWaits(server.Run);
        release.Set();
        Assert.Equal(new DrainResult(0, 0), await server.Run.Within());
        await Assert.ThrowsAnyAsync<ConnectionException>(() => handshake.Within());
    }

    [Fact]
    public async Task A_selector_that_waits_for_ever_is_left_behind_at_the_deadline()
    {
        var clock = new FakeTimeProvider();
        var log = new RecordingLogger();
        var chosen = new TaskCompletionSource<SslServerAuthenticationOptions>();
        var asked = 0;
        var options = new ConnectionServerOptions
        {
            HandshakeTimeout = s_timeout,
            TlsSelector = (_, _, _, _) =>
            {
                Interlocked.Increment(ref asked);
                return new ValueTask<SslServerAuthenticationOptions>(chosen.Task);
            },
        };
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, options, log, clock);
        var client = await server.DialAsync();
        var handshake = client.AuthenticateAsClientAsync(TlsClient.Asking(), Token).AsTask();
        await Eventually.Equal(1, () => Volatile.Read(ref asked));
        clock.Advance(s_timeout);
        Assert.Equal(ConnectionError.Reset, (await Assert.ThrowsAnyAsync<ConnectionException>(() => handshake.Within())).Error);
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
        Assert.Equal(0, server.Server.Prefaces!.Gate.Taken);

        // It did not fail: it had no time.
        Assert.Equal((1, 0), (log.CountOf(220), log.CountOf(223)));
    }

    [Fact]
    public async Task A_selector_that_fails_after_its_client_is_out_of_time_is_observed()
    {
        var clock = new FakeTimeProvider();
        using var failure = new LateFailure();
        var asked = 0;
        var options = new ConnectionServerOptions
        {
            HandshakeTimeout = s_timeout,
            TlsSelector = (_, _, _, _) =>
            {
                Interlocked.Increment(ref asked);
                return new ValueTask<SslServerAuthenticationOptions>(failure.ComeAsync<SslServerAuthenticationOptions>());
            },
        };
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, options, timeProvider: clock);
        var client = await server.DialAsync();
        var handshake = client.AuthenticateAsClientAsync(TlsClient.Asking(), Token).AsTask();
        await Eventually.Equal(1, () => Volatile.Read(ref asked));
        clock.Advance(s_timeout);
        await Assert.ThrowsAnyAsync<ConnectionException>(() => handshake.Within());
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
        failure.AssertObserved();
    }

    [Fact]
    public async Task A_selector_that_waits_keeps_nobody_out()
    {
        var chosen = new TaskCompletionSource<SslServerAuthenticationOptions>();
        var tls = new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost };
        var asked = 0;
        var options = new ConnectionServerOptions
        {
            MaxConcurrentHandshakes = 1,
            TlsSelector = (_, hello, _, _) =>
            {
                Interlocked.Increment(ref asked);
                return hello.ServerName == "slow.example" ? new ValueTask<SslServerAuthenticationOptions>(chosen.Task) : ValueTask.FromResult(tls);
            },
        };
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options);
        var slow = server.DialTlsAsync(TlsClient.Asking("slow.example"));
        await Eventually.Equal(1, () => Volatile.Read(ref asked));
        await using var quick = await server.DialTlsAsync();
        Assert.False(slow.IsCompleted);
        chosen.SetResult(tls);
        await using var last = await slow.Within();
        await Eventually.Equal(0, () => server.Server.Prefaces!.Gate.Taken);
    }

    [Fact]
    public async Task A_client_that_does_not_take_its_answer_keeps_nobody_out()
    {
        // More than the buffers of the two sockets hold.
        using var large = Certificates.Make("localhost", new X509Extension("1.2.3.4", new byte[1_000_000], critical: false));
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync,
            new ConnectionServerOptions
            {
                MaxConcurrentHandshakes = 1,
                Tls = new SslServerAuthenticationOptions { ServerCertificate = large },

                // Longer than the test waits, or its end would give the place back.
                HandshakeTimeout = TimeSpan.FromMinutes(5),
            },
            listening: new ListenerOptions { Socket = new SocketOptions { SendBufferSize = 4096 } });
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(server.Listener.LocalEndPoint, Token);
        await client.SendAsync(await FirstMessageAsync(), Token);
        await Eventually.True(() => client.Available > 0, "the beginning of the answer");
        await Eventually.Equal(0, () => server.Server.Prefaces!.Gate.Taken);
        Assert.Equal(1, server.Server.Prefaces!.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_comes_back_resumes_its_session(bool fromFile)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Whether clients resume sessions depends on the system.");
        const int Large = 50_000;
        using var folder = new TemporaryFolder();
        var (text, key) = Certificates.MakePem("localhost", new X509Extension("1.2.3.4", new byte[Large], critical: false));
        await File.WriteAllTextAsync(folder.File("both.pem"), text + "\n" + key, Token);
        using var certificate = X509Certificate2.CreateFromPem(text, key);
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, fromFile
            ? new ConnectionServerOptions { TlsSelector = ServerCertificate.FromPemFiles(folder.File("both.pem")).CreateSelector() }
            : new ConnectionServerOptions { Tls = new SslServerAuthenticationOptions { ServerCertificate = certificate } });

        // In a session that is resumed, no certificate is sent.
        Assert.InRange(await CountReceivedAsync(), Large, int.MaxValue);
        Assert.InRange(await CountReceivedAsync(), 1, Large - 1);

        async Task<int> CountReceivedAsync()
        {
            await using var counting = new CountingStream(await Dial.SocketAsync(server.Listener));
            await using var tls = new SslStream(counting);
            await tls.AuthenticateAsClientAsync(TlsClient.Asking(), Token).Within();
            await tls.WriteAsync("?"u8.ToArray(), Token);
            await tls.ReadExactlyAsync(new byte[1], Token).Within();
            return counting.Received;
        }
    }

    [Fact]
    public async Task A_client_that_TLS_cannot_agree_with_is_told_why()
    {
        var options = WithTls;
        options.Tls!.ApplicationProtocols = [new SslApplicationProtocol("echo")];
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, options);
        var client = await server.DialAsync();
        var handshake = client.AuthenticateAsClientAsync(TlsClient.Asking(protocols: [new SslApplicationProtocol("other")]), Token);
        Assert.Equal(ConnectionError.TlsFailed, (await Assert.ThrowsAnyAsync<ConnectionException>(() => handshake.Within())).Error);
    }

    [Fact]
    public async Task A_selector_that_fails_is_an_error_in_the_log_once_in_a_while_and_not_the_clients_fault()
    {
        var log = new RecordingLogger();
        var options = new ConnectionServerOptions
        {
            TlsSelector = static async (_, hello, _, _) =>
            {
                await Task.Yield();
                throw hello.ServerName == "refused.example"
                    ? new AuthenticationException("No such host.")
                    : new FileNotFoundException("The certificate is not there.");
            },
        };
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options, log);
        await server.AssertRefused(TlsClient.Asking("refused.example"));
        await Eventually.Equal(1, () => log.CountOf(220));
        Assert.Equal(0, log.CountOf(223));

        await server.AssertRefused();
        await server.AssertRefused();
        await Eventually.Equal(3, () => log.CountOf(220));
        var error = Assert.Single(log.Entries, static entry => entry.Id == 223);
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Error, error.Level);
        Assert.IsType<FileNotFoundException>(error.Exception);
        Assert.DoesNotContain(log.Entries, static entry => entry.Message.Contains("the peer closed", StringComparison.Ordinal));
        Assert.Contains(log.Entries, static entry => entry.Id == 220 && entry.Message.Contains("The certificate is not there", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_selector_that_gives_nothing_is_told_so()
    {
        var log = new RecordingLogger();
        var options = new ConnectionServerOptions { TlsSelector = static (_, _, _, _) => default };
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options, log);
        await server.AssertRefused();
        await Eventually.Equal(1, () => log.CountOf(223));
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
    }

    [Fact]
    public async Task Options_that_can_serve_nobody_are_refused_when_the_server_is_made()
    {
        await using var listener = ConnectionListener.CreateInMemory(out _);
        Refused(new ConnectionServerOptions { Tls = new SslServerAuthenticationOptions() }, "no certificate");
        using var withoutKey = X509CertificateLoader.LoadCertificate(Certificates.Localhost.RawData);
        Refused(new ConnectionServerOptions { Tls = new SslServerAuthenticationOptions { ServerCertificate = withoutKey } }, "no certificate");
        var both = WithTls;
        both.TlsSelector = static (_, _, _, _) => default;
        Refused(both, "set one");

        void Refused(ConnectionServerOptions options, string reason) => Assert.Contains(
            reason,
            Assert.Throws<ArgumentException>(() => new ConnectionServer(listener, RunningServer.EchoAsync, options)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_of_options_has_every_value_of_the_original()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Not every system has all of them.");
        var original = new SslServerAuthenticationOptions
        {
            AllowRenegotiation = true,
            AllowTlsResume = false,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            CertificateChainPolicy = new X509ChainPolicy(),
            CertificateRevocationCheckMode = X509RevocationMode.Offline,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = Certificates.IsLocalhost,
            ServerCertificate = Certificates.Localhost,
            ServerCertificateContext = SslStreamCertificateContext.Create(Certificates.Localhost, null),
            ServerCertificateSelectionCallback = static (_, _) => Certificates.Localhost,
        };
        if (OperatingSystem.IsLinux())
        {
            original.CipherSuitesPolicy = new CipherSuitesPolicy([TlsCipherSuite.TLS_AES_128_GCM_SHA256]);
            (original.AllowRsaPkcs1Padding, original.AllowRsaPssPadding) = (false, false);
        }

        var copy = ServerTls.Copy(original);
        var defaults = new SslServerAuthenticationOptions();
        foreach (var property in typeof(SslServerAuthenticationOptions).GetProperties())
        {
            var expected = property.GetValue(original);
            Assert.True(
                property.Name == "EncryptionPolicy" || !Equals(expected, property.GetValue(defaults)),
                $"{property.Name} is new: give it a value here, and copy it.");
            Assert.True(
                expected is IList list ? list.Cast<object>().SequenceEqual(((IList)property.GetValue(copy)!).Cast<object>()) : Equals(expected, property.GetValue(copy)),
                $"{property.Name} is not copied.");
        }
    }

    /// <summary>What a client says first.</summary>
    private static async Task<byte[]> FirstMessageAsync()
    {
        var (client, server) = Connection.CreatePair();
        var handshake = client.AuthenticateAsClientAsync(TlsClient.Asking(), Token).AsTask();
        var header = await Peer.ReadAsync(server, 5);
        var rest = await Peer.ReadAsync(server, (header[3] << 8) | header[4]);
        server.Abort();
        await handshake.IgnoringFailedConnection();
        return [.. header, .. rest];
    }

    private static void InterlockedMax(ref int most, int now)
    {
        for (var seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, now, seen);
        }
    }

    private sealed class CountingStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        public int Received { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await base.ReadAsync(buffer, cancellationToken);
            Received += count;
            return count;
        }
    }
}
