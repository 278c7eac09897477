using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Hosting.Health;

/// <summary>What the health checks say of servers and pools.</summary>
public sealed class HealthCheckTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task A_server_is_healthy_while_it_takes_clients_and_degraded_while_it_is_full()
    {
        using var host = TestHost.Build(services =>
        {
            services.AddLogging().AddConnectionServer<EchoHandler>(TestHost.AnyPort, options => options.Server.MaxConnections = 1);
            services.AddHealthChecks().AddNetKitServer(nameof(EchoHandler), tags: ["ready"]);
        });
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(host)).Status);
        await host.StartAsync().Within();
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host)).Status);
        using (var client = await host.Server().ConnectAsync())
        {
            await client.EchoesAsync("hello");
            var full = await CheckAsync(host);
            Assert.Equal(HealthStatus.Degraded, full.Status);
            Assert.Equal(1, full.Data["active"]);
            Assert.Equal(["ready"], full.Tags);
        }

        await Eventually.Equal(0, () => host.Server().ActiveConnections);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host)).Status);
        await host.StopAsync().Within();
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(host)).Status);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_that_drains_fails_as_told()
    {
        using var host = await TestHost.StartAsync(services =>
        {
            services.AddLogging().AddConnectionServer<StubbornHandler>(TestHost.AnyPort);
            services.AddHealthChecks().AddNetKitServer(nameof(StubbornHandler), HealthStatus.Degraded);
        });
        using (var client = await host.Server().ConnectAsync())
        {
            await client.EchoesAsync("hello");
            var stopping = host.StopAsync();
            await Eventually.True(() => !host.Server().IsAccepting, "it still accepts");
            Assert.Equal(1, host.Server().ActiveConnections);
            Assert.Equal(HealthStatus.Degraded, (await CheckAsync(host)).Status);
            client.Shutdown(SocketShutdown.Both);
            await stopping.Within();
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_that_ended_by_itself_or_never_started_fails()
    {
        using var host = TestHost.Build(services =>
        {
            services.AddLogging().AddConnectionServer<EchoHandler>(new DnsEndPoint("no-such-host.invalid", 0));
            services.AddConnectionServer<StubbornHandler>(TestHost.AnyPort);
            services.AddHealthChecks().AddNetKitServer(nameof(EchoHandler));
        });
        await Assert.ThrowsAsync<ConnectionException>(() => host.StartAsync()).Within();
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(host)).Status);

        using var lost = await TestHost.StartAsync(services =>
        {
            services.AddLogging().AddConnectionServer<EchoHandler>(TestHost.AnyPort);
            services.AddHealthChecks().AddNetKitServer(nameof(EchoHandler));
        });
        await lost.Server().Listeners[0].DisposeAsync();
        await Eventually.True(async () => (await CheckAsync(lost)).Status == HealthStatus.Unhealthy, "the server is lost");
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(60)]
    [InlineData(0)]
    public async Task A_pool_fails_while_its_endpoint_is_down_and_is_healthy_when_it_is_back_though_nobody_uses_it(int idleSeconds)
    {
        var endPoint = TestHost.Nobody();
        using var host = await TestHost.StartAsync(services =>
        {
            services.AddLogging().AddConnectionPool("db", endPoint, options => options.Pool.IdleTimeout = TimeSpan.FromSeconds(idleSeconds));
            services.AddHealthChecks().AddNetKitPool("db");
        });
        var down = await CheckAsync(host);
        Assert.Equal(HealthStatus.Unhealthy, down.Status);
        Assert.Contains("refused", down.Description, StringComparison.Ordinal);

        using var server = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(endPoint));
        await Eventually.True(async () => (await CheckAsync(host)).Status == HealthStatus.Healthy, "the pool is healthy again");

        await server.StopAsync().Within();
        await host.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_pool_is_degraded_when_it_can_open_no_connection_but_has_some()
    {
        using var server = await TestHost.StartAsync(services => services.AddConnectionServer<StubbornHandler>(TestHost.AnyPort));
        using var host = await TestHost.StartAsync(services =>
        {
            services.AddLogging().AddConnectionPool("db", server.Server().LocalEndPoints[0]);
            services.AddHealthChecks().AddNetKitPool("db");
        });
        var pool = host.Services.GetRequiredService<ConnectionPool>();
        await using (await pool.AcquireAsync().Within())
        {
            Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host)).Status);
            foreach (var listener in server.Server().Listeners)
            {
                await listener.DisposeAsync();
            }

            await Assert.ThrowsAnyAsync<ConnectionException>(async () => await pool.WarmUpAsync(2)).Within();
            var degraded = await CheckAsync(host);
            Assert.Equal(HealthStatus.Degraded, degraded.Status);
            Assert.Equal(1, degraded.Data["leased"]);
        }

        await host.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_check_of_what_there_is_not_fails()
    {
        using var host = TestHost.Build(services =>
        {
            services.AddLogging();
            services.AddHealthChecks().AddNetKitServer("none");
        });
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => CheckAsync(host));
        Assert.Contains("\"none\"", exception.Message, StringComparison.Ordinal);
    }

    private static async Task<HealthReportEntry> CheckAsync(IHost host)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken).Within();
        return Assert.Single(report.Entries).Value;
    }
}
