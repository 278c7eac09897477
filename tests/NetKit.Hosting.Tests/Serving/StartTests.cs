using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace NetKit.Tests.Hosting.Serving;

/// <summary>A server that cannot start, or is started in a strange way.</summary>
public sealed class StartTests
{
    private const int Watchdog = 120_000;

    [Theory(Timeout = Watchdog)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_endpoint_that_cannot_be_bound_is_told_with_server_and_option(bool isTaken)
    {
        using var first = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        var endPoint = isTaken ? first.Server().LocalEndPoints[0] : IPEndPoint.Parse("192.0.2.77:5000");
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(
            TestHost.Section(("EndPoints:0", "127.0.0.1:0"), ("EndPoints:1", $"{endPoint}")))));
        Assert.Equal(isTaken ? ConnectionError.AddressInUse : ConnectionError.AddressNotAvailable, exception.Error);
        Assert.Equal(("listen", endPoint), (exception.Operation, exception.LocalEndPoint));
        Assert.Contains($"{endPoint}", exception.Message, StringComparison.Ordinal);
        Assert.Contains("NetKit", exception.Message, StringComparison.Ordinal);
        Assert.Contains("EndPoints", exception.Message, StringComparison.Ordinal);
        Assert.IsType<SocketException>(exception.GetBaseException());
        await first.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_host_name_that_does_not_resolve_is_told_with_server_and_option()
    {
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => TestHost.StartAsync(
            services => services.AddConnectionServer<EchoHandler>(TestHost.Section(("EndPoint", "no-such-host.invalid:5000")))));
        Assert.Contains("no-such-host.invalid:5000", exception.Message, StringComparison.Ordinal);
        Assert.Contains("NetKit", exception.Message, StringComparison.Ordinal);
        Assert.Contains("EndPoints", exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_host_name_without_an_address_of_its_family_is_told()
    {
        var endPoint = new DnsEndPoint("127.0.0.1", 0, AddressFamily.InterNetworkV6);
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(endPoint)));
        Assert.Contains("127.0.0.1:0", exception.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public async Task An_address_in_the_place_of_a_host_name_is_bound(string any)
    {
        using var host = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(new DnsEndPoint(any, 0)));
        await host.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task Localhost_is_bound_where_there_is_no_IPv6_though_the_hosts_file_has_it()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "There is no IPv6 to switch off.");
        await using var network = await NetworkNamespace.CreateAsync();
        await network.AddHostAsync("localhost", "127.0.0.1", "::1");
        await network.RunAsync("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6");
        var said = await network.RunAsync(Repository.ProgramOf("NetKit.Hosting.Tests.Server"), "--Server:EndPoint=localhost:5000", "once");
        Assert.Contains("serving at port 5000", said);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_start_that_fails_takes_the_servers_with_it_that_had_started()
    {
        var (free, logs) = (TestHost.Nobody(), new LogBook());
        using var first = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        HostedConnectionServer[] servers = [];
        await Assert.ThrowsAsync<ConnectionException>(async () =>
        {
            using var host = TestHost.Build(services => services
                .AddConnectionServer<EchoHandler>(free)
                .AddConnectionServer<EchoHandler>("taken", options => options.EndPoints = [first.Server().LocalEndPoints[0]]));
            servers = [.. host.Services.GetServices<HostedConnectionServer>()];
            await host.RunAsync().Within();
        });
        Assert.All(servers, static server => Assert.False(server.IsAccepting));
        Assert.Empty(servers[1].LocalEndPoints);
        using var again = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(free));
        await again.StopAsync().Within();
        await first.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_whose_TLS_has_no_certificate_is_told_by_name_and_names_no_endpoints()
    {
        using var host = TestHost.Build(services => services.AddConnectionServer<EchoHandler>(
            "secure", options =>
            {
                options.EndPoints = [TestHost.AnyPort];
                options.Server.Tls = new SslServerAuthenticationOptions();
            }));
        var exception = await Assert.ThrowsAnyAsync<ArgumentException>(() => host.StartAsync().Within());
        Assert.Contains("secure", exception.Message, StringComparison.Ordinal);
        Assert.Empty(host.Server().LocalEndPoints);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("start")]
    [InlineData("stop")]
    [InlineData("dispose")]
    public async Task A_server_starts_once(string before)
    {
        using var host = TestHost.Build(services => services.AddConnectionServer<EchoHandler>("once", options => options.EndPoints = [TestHost.AnyPort]));
        IHostedService server = host.Server();
        await (before switch
        {
            "start" => server.StartAsync(CancellationToken.None),
            "stop" => server.StopAsync(CancellationToken.None),
            _ => host.Server().DisposeAsync().AsTask(),
        }).Within();
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => server.StartAsync(CancellationToken.None)).Within();
        Assert.Contains("once", exception.Message, StringComparison.Ordinal);
        Assert.Equal(before == "start", host.Server().IsAccepting);
        await server.StopAsync(CancellationToken.None).Within();
    }
}
