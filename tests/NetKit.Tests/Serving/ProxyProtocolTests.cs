using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Serving;

public sealed class ProxyProtocolTests
{
    private static readonly IPEndPoint s_client = new(IPAddress.Parse("203.0.113.7"), 40_000);
    private static readonly IPEndPoint s_destination = new(IPAddress.Parse("198.51.100.2"), 443);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<int> Versions => [1, 2];

    private static ConnectionServerOptions TrustLoopback => new()
    {
        ProxyProtocol = new ProxyProtocolOptions { TrustedNetworks = [IPNetwork.Parse("127.0.0.0/8")] },

        // Longer than any test waits: what is refused is refused for what it is.
        HandshakeTimeout = TimeSpan.FromMinutes(5),
    };

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task The_handler_sees_the_client_and_the_proxy_behind_it(int version)
    {
        var seen = new TaskCompletionSource<Connection>();
        await using var server = RunningServer.OnTcp(
            (connection, stopping) =>
            {
                seen.SetResult(connection);
                return RunningServer.EchoAsync(connection, stopping);
            },
            TrustLoopback);
        var proxy = await server.DialAsync();
        await proxy.WriteAsync(Header(version), Token);
        await RunningServer.AssertEchoes(proxy);

        var connection = await seen.Task.Within();
        Assert.Equal(s_client, connection.RemoteEndPoint);
        Assert.Equal(s_destination, connection.LocalEndPoint);
        Assert.Equal(proxy.LocalEndPoint, connection.ProxyEndPoint);
        Assert.Equal(version, connection.ProxyHeader!.Version);
        Assert.Contains("203.0.113.7:40000", connection.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task However_the_header_is_cut_the_next_byte_is_the_handlers(int version)
    {
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, TrustLoopback);
        byte[] sent = [.. Header(version), .. "hello"u8];
        for (var cut = 1; cut < sent.Length; cut++)
        {
            var proxy = await server.DialAsync();
            await proxy.WriteAsync(sent.AsMemory(0, cut), Token);
            await Task.Yield();
            await proxy.WriteAsync(sent.AsMemory(cut), Token);
            Assert.Equal("hello"u8.ToArray(), await Peer.ReadAsync(proxy, 5).Within());
            proxy.Abort();
        }

        foreach (var pace in new[] { 1, 2, 3 })
        {
            var proxy = await server.DialAsync();
            foreach (var piece in sent.Chunk(pace))
            {
                await proxy.WriteAsync(piece, Token);
                await Task.Yield();
            }

            Assert.Equal("hello"u8.ToArray(), await Peer.ReadAsync(proxy, 5).Within());
        }
    }

    [Fact]
    public async Task A_connection_of_the_proxys_own_shows_the_proxy()
    {
        var seen = new TaskCompletionSource<Connection>();
        await using var server = RunningServer.OnTcp(
            (connection, _) =>
            {
                seen.SetResult(connection);
                return Task.CompletedTask;
            },
            TrustLoopback);
        var proxy = await server.DialAsync();
        await proxy.WriteAsync(Header(ProxyHeader.Local), Token);
        var connection = await seen.Task.Within();
        Assert.Equal(proxy.LocalEndPoint, connection.RemoteEndPoint);
        Assert.Equal(proxy.RemoteEndPoint, connection.LocalEndPoint);
        Assert.True(connection.ProxyHeader!.IsLocal);
    }

    [Fact]
    public async Task Without_a_header_expected_there_is_none_and_no_proxy()
    {
        await using var server = RunningServer.OnTcp(async (connection, stopping) =>
        {
            await connection.WriteAsync(new[] { connection.ProxyHeader is null && connection.ProxyEndPoint is null ? (byte)1 : (byte)0 }, stopping);
        });
        Assert.Equal(1, await Talk.ReadByteAsync(await server.DialAsync()));
    }

    [Fact]
    public async Task What_is_no_header_never_reaches_the_handler_and_is_logged_once()
    {
        var handled = 0;
        var log = new RecordingLogger();
        await using var server = RunningServer.OnTcp(
            (_, _) =>
            {
                Interlocked.Increment(ref handled);
                return Task.CompletedTask;
            },
            TrustLoopback,
            log);
        foreach (var garbage in new[] { "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), [0x16, 3, 1, 0, 5], "PROXY TCP4 nobody nowhere 1 2\r\n"u8.ToArray() })
        {
            var client = await server.DialAsync();
            await client.WriteAsync(garbage, Token);
            Assert.Equal(-1, await Talk.TryReadByteAsync(client));
        }

        await Eventually.Equal(3, () => log.CountOf(220));
        Assert.All(
            log.Entries.Where(static entry => entry.Id == 220),
            static entry => Assert.Contains("PROXY header", entry.Message, StringComparison.Ordinal));
        Assert.Equal(0, handled);
        Assert.Equal(0, server.Server.ActiveConnections);
    }

    [Fact]
    public void A_peer_of_IPv4_is_trusted_by_its_network_in_either_notation()
    {
        var options = TrustLoopback.ProxyProtocol!;
        Assert.True(options.Trusts(IPEndPoint.Parse("127.1.2.3:1")));
        Assert.True(options.Trusts(IPEndPoint.Parse("[::ffff:127.1.2.3]:1")));
        Assert.False(options.Trusts(IPEndPoint.Parse("[::ffff:128.1.2.3]:1")));
        options.TrustedNetworks = [IPNetwork.Parse("::ffff:127.0.0.0/104")];
        Assert.True(options.Trusts(IPEndPoint.Parse("[::ffff:127.1.2.3]:1")));
    }

    [Fact]
    public async Task A_header_longer_than_the_limit_is_refused_before_it_has_come()
    {
        var options = TrustLoopback;
        options.ProxyProtocol!.MaxHeaderLength = 200;
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options);
        var fits = await server.DialAsync();
        await fits.WriteAsync(Header(WithValue(200 - 16 - 12 - 3)), Token);
        await RunningServer.AssertEchoes(fits);

        var tooLong = await server.DialAsync();
        await tooLong.WriteAsync(Header(WithValue(200 - 16 - 12 - 2)).AsMemory(0, 16), Token);
        Assert.Equal(-1, await Talk.TryReadByteAsync(tooLong));
    }

    [Fact]
    public async Task A_long_header_within_the_limit_is_read()
    {
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) => await connection.WriteAsync(new[] { (byte)connection.ProxyHeader!.Values[0].Value.Length }, stopping),
            TrustLoopback);
        var proxy = await server.DialAsync();
        await proxy.WriteAsync(Header(WithValue(3_000)), Token);
        Assert.Equal(3_000 & 0xFF, await Talk.ReadByteAsync(proxy));
    }

    [Fact]
    public async Task A_peer_that_is_not_trusted_is_turned_away()
    {
        var options = new ConnectionServerOptions
        {
            ProxyProtocol = new ProxyProtocolOptions { TrustedNetworks = [IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("2001:db8::/32")] },
        };
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options);
        Assert.Equal(-1, await server.AskAsync());
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
    }

    [Fact]
    public async Task A_peer_that_is_not_trusted_may_be_served_as_itself()
    {
        var options = new ConnectionServerOptions
        {
            ProxyProtocol = new ProxyProtocolOptions { TrustedNetworks = [IPNetwork.Parse("192.0.2.0/24")], ServeUntrusted = true },
        };
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) =>
            {
                Assert.Null(connection.ProxyHeader);
                Assert.Equal(IPAddress.Loopback, ((IPEndPoint)connection.RemoteEndPoint!).Address);
                await RunningServer.EchoAsync(connection, stopping);
            },
            options);
        var client = await server.DialAsync();
        var header = Header(version: 1);
        await client.WriteAsync(header, Token);
        Assert.Equal(header, await Peer.ReadAsync(client, header.Length).Within());
    }

    [Fact]
    public void Networks_of_IPv4_match_peers_of_a_listener_for_both_families()
    {
        var options = new ProxyProtocolOptions { TrustedNetworks = [IPNetwork.Parse("10.0.0.0/8")] };
        Assert.True(options.Trusts(new IPEndPoint(IPAddress.Parse("::ffff:10.1.2.3"), 1)));
        Assert.True(options.Trusts(new IPEndPoint(IPAddress.Parse("10.1.2.3"), 1)));
        Assert.False(options.Trusts(new IPEndPoint(IPAddress.Parse("::ffff:11.1.2.3"), 1)));
        Assert.False(options.Trusts(new IPEndPoint(IPAddress.IPv6Loopback, 1)));
        Assert.True(options.Trusts(new UnixDomainSocketEndPoint("/x")));
    }

    [Fact]
    public async Task TLS_begins_with_the_byte_after_the_header()
    {
        var options = TrustLoopback;
        options.Tls = new() { ServerCertificate = Certificates.Localhost };
        await using var server = RunningServer.OnTcp(
            async (connection, stopping) =>
            {
                Assert.Equal(s_client, connection.RemoteEndPoint);
                Assert.NotNull(connection.ProxyHeader);
                await RunningServer.EchoAsync(connection, stopping);
            },
            options);
        var proxy = await server.DialAsync();
        await proxy.WriteAsync(Header(version: 2), Token);
        await using var tls = await proxy.AuthenticateAsClientAsync(
            new() { TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost }, Token);
        await RunningServer.AssertEchoes(tls);
    }

    [Fact]
    public async Task What_fails_on_the_clients_connection_is_its_ordinary_end()
    {
        var log = new RecordingLogger();
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, TrustLoopback, log);
        var proxy = await server.DialAsync();
        await proxy.WriteAsync(Header(version: 2), Token);
        await RunningServer.AssertEchoes(proxy);
        proxy.Abort();
        await Eventually.Equal(1, () => log.CountOf(205));
        Assert.Equal(0, log.CountOf(204));
    }

    [Fact]
    public async Task A_slot_comes_free_however_the_header_ends()
    {
        var options = TrustLoopback;
        (options.MaxConnections, options.LimitMode) = (1, ConnectionLimitMode.Wait);
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options);
        for (var round = 0; round < 20; round++)
        {
            var leaves = await server.DialAsync();
            await leaves.WriteAsync("PROXY T"u8.ToArray(), Token);
            await leaves.DisposeAsync();
            var breaks = await server.DialAsync();
            await breaks.WriteAsync("X"u8.ToArray(), Token);
            Assert.Equal(-1, await Talk.TryReadByteAsync(breaks));
            var served = await server.DialAsync();
            await served.WriteAsync(Header(version: 1 + (round % 2)), Token);
            await RunningServer.AssertEchoes(served);
            served.Abort();
        }
    }

    [Fact]
    public async Task A_client_that_comes_in_as_the_server_stops_gets_no_handler()
    {
        RunningServer? server = null;
        await using var limiter = new CountingLimiter(_ =>
        {
            server!.BeginStop();
            return SpinWait.SpinUntil(() => server.Server.Prefaces!.Stopping.IsCancellationRequested, Eventually.Bound);
        });
        var handled = 0;
        var log = new RecordingLogger();
        var options = new ConnectionServerOptions
        {
            AcceptLimiter = limiter,
            ProxyProtocol = new ProxyProtocolOptions { TrustedNetworks = [IPNetwork.Parse("192.0.2.0/24")], ServeUntrusted = true },
        };
        await using (server = RunningServer.OnTcp(
            (_, _) =>
            {
                Interlocked.Increment(ref handled);
                return Task.CompletedTask;
            },
            options,
            log))
        {
            Assert.Equal(-1, await server.AskAsync());
            Assert.Equal(new DrainResult(0, 0), await server.Run.Within());
            Assert.Equal((0, 1, 1), (handled, limiter.Given, limiter.Returned));
            Assert.Contains("the server stops", Assert.Single(log.Entries, static entry => entry.Id == 220).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_networks_are_read_when_the_server_is_made()
    {
        var options = TrustLoopback.ProxyProtocol!;
        var copy = options.Validated();
        options.TrustedNetworks.Clear();
        Assert.True(copy.Trusts(IPEndPoint.Parse("127.0.0.1:1")));
    }

    [Fact]
    public async Task A_connection_that_is_through_holds_no_timer()
    {
        var clock = new TimerCountingTimeProvider();
        var options = TrustLoopback;
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, options, timeProvider: clock);
        var clients = new List<Connection>();
        for (var count = 1; count <= 2; count++)
        {
            clients.Add(await server.DialAsync());
            await Eventually.Equal(count, () => server.Server.Prefaces!.Count);
            Assert.Equal(1, clock.Armed);
            clock.Advance(options.HandshakeTimeout / 2 - TimeSpan.FromTicks(1));
        }

        foreach (var client in clients)
        {
            await client.WriteAsync("PROXY UNKNOWN\r\n"u8.ToArray(), Token);
            await RunningServer.AssertEchoes(client);
        }

        // The alarm that is set for the first finds nothing to do, and none is set for the second.
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
        clock.Advance(options.HandshakeTimeout / 2);
        Assert.Equal(0, clock.Armed);
    }

    [Fact]
    public async Task Clients_that_owe_their_header_count_for_the_limit()
    {
        var options = TrustLoopback;
        (options.MaxConnections, options.LimitMode) = (1, ConnectionLimitMode.Reject);
        var log = new RecordingLogger();
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options, log);
        await server.DialAsync();
        await Eventually.Equal(1, () => server.Server.Prefaces!.Count);
        Assert.Equal(-1, await server.AskAsync());
        Assert.Equal(0, server.Server.ActiveConnections);

        // At the door, and not because what it sent is no header.
        Assert.Equal((1, 0), (log.CountOf(206), log.CountOf(220)));
    }

    private static ProxyHeader WithValue(int length) => new(s_client, s_destination) { Values = [new(0xE0, new byte[length])] };

    private static byte[] Header(int version) => Header(new ProxyHeader(s_client, s_destination) { Version = version });

    private static byte[] Header(ProxyHeader header)
    {
        var writer = new ArrayBufferWriter<byte>();
        header.WriteTo(writer);
        return writer.WrittenSpan.ToArray();
    }
}
