using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace NetKit.Tests.Hosting.Serving;

/// <summary>The ways in which a host ends its servers.</summary>
public sealed class StopTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task A_stop_without_a_start_and_a_second_stop_do_nothing()
    {
        using var host = TestHost.Build(services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        IHostedService server = host.Server();
        await server.StopAsync(CancellationToken.None).Within();
        await server.StopAsync(CancellationToken.None).Within();
        using var other = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        await other.StopAsync().Within();
        await other.StopAsync().Within();
        await ((IAsyncDisposable)other).DisposeAsync().Within();
        await ((IAsyncDisposable)other).DisposeAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_stop_that_may_take_no_time_resets_what_is_left()
    {
        using var host = await TestHost.StartAsync(services => services.AddConnectionServer<StubbornHandler>(
            TestHost.AnyPort, options => options.Server.DrainTimeout = TimeSpan.FromHours(1)));
        using var client = await host.Server().ConnectAsync();
        await client.EchoesAsync("hello");
        await ((IHostedService)host.Server()).StopAsync(new CancellationToken(canceled: true)).Within();
        await Assert.ThrowsAsync<SocketException>(client.ReceiveToEndAsync);
        await Assert.ThrowsAsync<SocketException>(host.Server().ConnectAsync);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_second_stop_with_less_patience_ends_the_first()
    {
        using var host = await TestHost.StartAsync(services => services.AddConnectionServer<StubbornHandler>(
            TestHost.AnyPort, options => options.Server.DrainTimeout = TimeSpan.FromHours(1)));
        using var client = await host.Server().ConnectAsync();
        await client.EchoesAsync("hello");
        IHostedService server = host.Server();
        var patient = server.StopAsync(CancellationToken.None);
        await server.StopAsync(new CancellationToken(canceled: true)).Within();
        await patient.Within();
        await Assert.ThrowsAsync<SocketException>(client.ReceiveToEndAsync);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_server_of_a_host_whose_time_is_over_is_ended(bool concurrently)
    {
        using var host = await TestHost.StartAsync(services => services
            .Configure<HostOptions>(options =>
            {
                options.ShutdownTimeout = TimeSpan.FromMilliseconds(50);
                options.ServicesStopConcurrently = concurrently;
            })
            .AddConnectionServer<StubbornHandler>("one", Patient)
            .AddConnectionServer<StubbornHandler>("two", Patient));
        var servers = host.Services.GetServices<HostedConnectionServer>().ToArray();
        using var first = await servers[0].ConnectAsync();
        using var second = await servers[1].ConnectAsync();
        await first.EchoesAsync("hello");
        await second.EchoesAsync("hello");
        await host.StopAsync().Within();
        await Assert.ThrowsAsync<SocketException>(first.ReceiveToEndAsync);
        await Assert.ThrowsAsync<SocketException>(second.ReceiveToEndAsync);
        Assert.All(servers, static server => Assert.False(server.IsAccepting));
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(ServiceLifetime.Singleton)]
    [InlineData(ServiceLifetime.Scoped)]
    public async Task A_handler_may_use_its_pool_until_the_drain_is_over(ServiceLifetime lifetime)
    {
        using var backend = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        var host = await TestHost.StartAsync(services =>
        {
            services.AddConnectionPool("backend", backend.Server().LocalEndPoints[0]);
            services.Add(new ServiceDescriptor(typeof(LastWordHandler), typeof(LastWordHandler), lifetime));
            services.AddConnectionServer<LastWordHandler>(TestHost.AnyPort);
        });
        using var client = await host.Server().ConnectAsync();
        await client.SendTextAsync("begin");
        await client.ReceiveUntilAsync("begun");
        var pool = host.Services.GetRequiredService<ConnectionPool>();
        await host.StopAsync().Within();
        Assert.Equal("last", await client.ReceiveToEndAsync());
        await ((IAsyncDisposable)host).DisposeAsync().Within();
        Assert.Equal(ConnectionError.Closed, (await Assert.ThrowsAsync<ConnectionException>(async () => await pool.AcquireAsync())).Error);
        await backend.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_host_that_is_disposed_of_without_a_stop_waits_for_no_handler_that_holds_a_lease()
    {
        using var backend = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        var host = await TestHost.StartAsync(services =>
        {
            services.AddConnectionPool("backend", backend.Server().LocalEndPoints[0], options => options.Pool.DrainTimeout = TimeSpan.FromHours(1));
            services.AddConnectionServer<LastWordHandler>(TestHost.AnyPort);
        });
        using var client = await host.Server().ConnectAsync();
        await client.SendTextAsync("lease");
        await client.ReceiveUntilAsync("begun");
        await ((IAsyncDisposable)host).DisposeAsync().Within();
        await backend.StopAsync().Within();
    }

    private static void Patient(HostedServerOptions options)
    {
        options.EndPoints = [TestHost.AnyPort];
        options.Server.DrainTimeout = TimeSpan.FromHours(1);
    }

    /// <summary>Asks a backend once more when it is told to stop; or holds a connection to it until its client leaves.</summary>
    private sealed class LastWordHandler([FromKeyedServices("backend")] ConnectionPool pool) : IConnectionHandler
    {
        public async Task HandleAsync(Connection connection, CancellationToken stopping)
        {
            var word = new byte[5];
            await connection.ReadExactlyAsync(word, CancellationToken.None);
            if (word[0] == (byte)'l')
            {
                await using var lease = await pool.AcquireAsync(CancellationToken.None);
                await connection.WriteAsync("begun"u8.ToArray(), CancellationToken.None);
                await connection.ReadExactlyAsync(word, CancellationToken.None);
                return;
            }

            await connection.WriteAsync("begun"u8.ToArray(), CancellationToken.None);
            await Task.Delay(Timeout.Infinite, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var last = await pool.UseAsync(static async (backend, token) =>
            {
                await backend.WriteAsync("last"u8.ToArray(), token);
                var echo = new byte[4];
                await backend.ReadExactlyAsync(echo, token);
                return echo;
            }, CancellationToken.None);
            await connection.WriteAsync(last, CancellationToken.None);
        }
    }
}
