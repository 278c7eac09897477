using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging.Abstractions;

namespace NetKit.Tests.Serving;

public sealed class AdmissionTests
{
    private const int LimiterFailed = 209;

    private static ConcurrencyLimiter AtOnce(int permits) => new(new ConcurrencyLimiterOptions { PermitLimit = permits });

    private static PartitionedRateLimiter<IPAddress> AtOnceOfEach(int permits, Action<IPAddress>? asked = null) =>
        PartitionedRateLimiter.Create<IPAddress, IPAddress>(address =>
        {
            asked?.Invoke(address);
            return RateLimitPartition.GetConcurrencyLimiter(address, _ => new ConcurrencyLimiterOptions { PermitLimit = permits });
        });

    [Fact]
    public async Task As_many_are_let_in_at_once_as_a_concurrency_limiter_says_and_permits_come_back()
    {
        await using var limiter = AtOnce(2);
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions { AcceptLimiter = limiter });
        for (var round = 0; round < 10; round++)
        {
            var first = await server.DialServedAsync();
            var second = await server.DialServedAsync();
            Assert.Equal(-1, await server.AskAsync());
            Assert.Equal(-1, await server.AskAsync());
            Assert.Equal(2, server.Server.ActiveConnections);
            first.Abort();
            second.Abort();
            await Eventually.Equal(0, () => server.Server.ActiveConnections);
            Assert.Equal(2, limiter.GetStatistics()!.CurrentAvailablePermits);
        }
    }

    [Fact]
    public async Task A_token_bucket_bounds_how_many_come_in_by_time()
    {
        await using var limiter = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = 3,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromDays(1),
            AutoReplenishment = false,
        });
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions { AcceptLimiter = limiter });
        for (var times = 0; times < 3; times++)
        {
            (await server.DialServedAsync()).Abort();
        }

        Assert.Equal(-1, await server.AskAsync());
        await Eventually.Equal(0, () => server.Server.ActiveConnections);
        Assert.Equal(0, limiter.GetStatistics()!.CurrentAvailablePermits);
    }

    [Fact]
    public async Task Each_address_has_permits_of_its_own()
    {
        await using var limiter = AtOnceOfEach(1);
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions { PerAddressLimiter = limiter });
        using var first = await DialServedAsync(server.Listener.LocalEndPoint, "127.0.0.2");
        using var second = await DialServedAsync(server.Listener.LocalEndPoint, "127.0.0.3");
        Assert.NotNull(first);
        Assert.NotNull(second);
        Assert.Null(await DialServedAsync(server.Listener.LocalEndPoint, "127.0.0.2"));

        first.Close(timeout: 0);
        await Eventually.Equal(1, () => server.Server.ActiveConnections);
        using var later = await DialServedAsync(server.Listener.LocalEndPoint, "127.0.0.2");
        Assert.NotNull(later);
    }

    [Fact]
    public async Task A_client_in_memory_that_is_turned_away_is_reset()
    {
        await using var server = RunningServer.InMemory(
            RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = 1, LimitMode = ConnectionLimitMode.Reject });
        await server.DialServedAsync();
        var turnedAway = await server.DialAsync();
        await Fails.AsReset(turnedAway.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().Within());
    }

    [Fact]
    public async Task An_IPv4_client_is_one_of_its_IPv4_address_however_it_comes()
    {
        var asked = new List<IPAddress>();
        await using var limiter = AtOnceOfEach(1, address =>
        {
            lock (asked)
            {
                asked.Add(address);
            }
        });
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        await using var server = new ConnectionServer(listener, RunningServer.EchoAsync, new ConnectionServerOptions { PerAddressLimiter = limiter });
        _ = server.RunAsync(TestContext.Current.CancellationToken);
        var port = ((IPEndPoint)listener.LocalEndPoint).Port;
        using var client = await DialServedAsync(new IPEndPoint(IPAddress.Loopback, port), "127.0.0.2");
        Assert.Equal([IPAddress.Parse("127.0.0.2")], asked);
        using var overIPv6 = await DialServedAsync(new IPEndPoint(IPAddress.IPv6Loopback, port), "::1");
        Assert.Equal([IPAddress.Parse("127.0.0.2"), IPAddress.IPv6Loopback], asked);
        Assert.NotNull(client);
        Assert.NotNull(overIPv6);
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("memory")]
    public async Task Clients_without_an_address_are_not_asked_about(string transport)
    {
        await using var limiter = AtOnceOfEach(1, _ => Assert.Fail("There is no address."));
        var options = new ConnectionServerOptions { PerAddressLimiter = limiter };
        using var folder = new TemporaryFolder();
        await using var server = transport == "unix"
            ? RunningServer.On([ConnectionListener.Bind(new UnixDomainSocketEndPoint(folder.File("socket")))], RunningServer.EchoAsync, options)
            : RunningServer.InMemory(RunningServer.EchoAsync, options);
        await server.DialServedAsync();
        await server.DialServedAsync();
        Assert.Equal(2, server.Server.ActiveConnections);
    }

    [Fact]
    public async Task A_flood_from_one_address_takes_nothing_of_what_all_share()
    {
        await using var shared = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = 2,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromDays(1),
            AutoReplenishment = false,
        });
        await using var perAddress = AtOnceOfEach(1);
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync, new ConnectionServerOptions { AcceptLimiter = shared, PerAddressLimiter = perAddress });
        using var first = await DialServedAsync(server.Listener.LocalEndPoint, "127.0.0.2");
        Assert.NotNull(first);
        for (var times = 0; times < 10; times++)
        {
            Assert.Null(await DialServedAsync(server.Listener.LocalEndPoint, "127.0.0.2"));
        }

        Assert.Equal(1, shared.GetStatistics()!.CurrentAvailablePermits);
        using var other = await DialServedAsync(server.Listener.LocalEndPoint, "127.0.0.3");
        Assert.NotNull(other);
    }

    [Fact]
    public async Task A_permit_of_the_address_is_given_back_when_the_server_as_a_whole_has_none()
    {
        await using var shared = AtOnce(1);
        await using var perAddress = AtOnceOfEach(2);
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync, new ConnectionServerOptions { AcceptLimiter = shared, PerAddressLimiter = perAddress });
        var first = await server.DialServedAsync();
        for (var times = 0; times < 10; times++)
        {
            Assert.Equal(-1, await server.AskAsync());
        }

        Assert.Equal(1, perAddress.GetStatistics(IPAddress.Loopback)!.CurrentAvailablePermits);
        first.Abort();
        await Eventually.Equal(0, () => server.Server.ActiveConnections);
        Assert.Equal(2, perAddress.GetStatistics(IPAddress.Loopback)!.CurrentAvailablePermits);
    }

    [Theory]
    [InlineData(ConnectionLimitMode.Wait)]
    [InlineData(ConnectionLimitMode.Reject)]
    public async Task A_limiter_that_throws_turns_clients_away_is_logged_once_in_a_while_and_ends_nothing(ConnectionLimitMode mode)
    {
        var logger = new RecordingLogger();
        var broken = true;
        await using var limiter = AtOnceOfEach(10, _ =>
        {
            if (broken)
            {
                throw new InvalidOperationException("on purpose");
            }
        });
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync,
            new ConnectionServerOptions { PerAddressLimiter = limiter, MaxConnections = 2, LimitMode = mode },
            logger);
        for (var times = 0; times < 20; times++)
        {
            Assert.Equal(-1, await server.AskAsync());
        }

        Assert.Equal(1, logger.CountOf(LimiterFailed));
        broken = false;
        await server.DialServedAsync();
        await server.DialServedAsync();
    }

    [Fact]
    public async Task A_limiter_that_was_disposed_of_lets_nobody_in()
    {
        var logger = new RecordingLogger();
        var limiter = AtOnce(10);
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions { AcceptLimiter = limiter }, logger);
        await server.DialServedAsync();
        await limiter.DisposeAsync();
        Assert.Equal(-1, await server.AskAsync());
        Assert.Equal(1, logger.CountOf(LimiterFailed));
    }

    [Fact]
    public async Task No_room_is_lost_when_a_client_leaves_and_a_listener_closes_at_the_same_moment()
    {
        var connections = new ServedConnections();
        var admission = new ClientAdmission(new ConnectionServerOptions { MaxConnections = 1 }, connections, NullLogger.Instance, TimeProvider.System);
        for (var round = 0; round < 2_000; round++)
        {
            Assert.True(await admission.WaitForRoomAsync(CancellationToken.None).Within());
            Assert.True(connections.TryReserve(1));
            using var closed = new CancellationTokenSource();
            var waiting = admission.WaitForRoomAsync(closed.Token).AsTask();
            admission.Withdraw(default);
            await closed.CancelAsync();
            if (await waiting.Within())
            {
                Assert.True(connections.TryReserve(1));
                admission.Withdraw(default);
            }
        }

        Assert.True(await admission.WaitForRoomAsync(CancellationToken.None).Within());
    }

    [Fact]
    public async Task A_lease_that_lets_nobody_in_is_given_back_too()
    {
        await using var limiter = new CountingLimiter(admits: static number => number % 2 == 0);
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions { AcceptLimiter = limiter });
        for (var times = 1; times <= 3; times++)
        {
            Assert.Equal(-1, await server.AskAsync());
            Assert.Equal(((2 * times) - 1, (2 * times) - 1), (limiter.Given, limiter.Returned));
            (await server.DialServedAsync()).Abort();
            await Eventually.Equal(0, () => server.Server.ActiveConnections);
        }
    }

    [Fact]
    public async Task A_lease_is_disposed_of_exactly_once_and_may_throw()
    {
        var logger = new RecordingLogger();
        await using var limiter = new CountingLimiter(onReturn: static () => throw new InvalidOperationException("on purpose"));
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync, new ConnectionServerOptions { AcceptLimiter = limiter, MaxConnections = 1 }, logger);
        for (var times = 1; times <= 10; times++)
        {
            (await server.DialServedAsync()).Abort();
            await Eventually.Equal(0, () => server.Server.ActiveConnections);
            Assert.Equal((times, times), (limiter.Given, limiter.Returned));
        }

        Assert.Equal(1, logger.CountOf(LimiterFailed));
    }

    /// <summary>A client from an address of this machine; null when it is turned away, which the system may tell it as early as in its dial.</summary>
    private static async Task<Socket?> DialServedAsync(EndPoint endPoint, string from)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            var buffer = "?"u8.ToArray();
            socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            await socket.ConnectAsync(endPoint, TestContext.Current.CancellationToken);
            await socket.SendAsync(buffer, TestContext.Current.CancellationToken);
            if (await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).Within() == 1)
            {
                return socket;
            }
        }
        catch (SocketException)
        {
            // Turned away.
        }

        socket.Dispose();
        return null;
    }
}
