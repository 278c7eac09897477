using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Hosting.Serving;

/// <summary>A server of connections as a part of an application.</summary>
public sealed class ConnectionServerTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task It_serves_while_the_application_runs_and_drains_when_it_stops()
    {
        using var host = TestHost.Build(services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        var server = host.Server();
        Assert.Empty(server.LocalEndPoints);
        await host.StartAsync().Within();
        Assert.Equal(nameof(EchoHandler), server.Name);
        Assert.NotEqual(0, ((IPEndPoint)Assert.Single(server.LocalEndPoints)).Port);
        using var client = await server.ConnectAsync();
        await client.EchoesAsync("hello");
        Assert.Equal(1, server.ActiveConnections);

        await host.StopAsync().Within();
        Assert.Equal("", await client.ReceiveToEndAsync());
        Assert.Equal(0, server.ActiveConnections);
        await Assert.ThrowsAsync<SocketException>(server.ConnectAsync);
    }

    [Fact(Timeout = Watchdog)]
    public async Task What_is_left_is_reset_when_the_time_to_drain_is_over()
    {
        using var host = await TestHost.StartAsync(services => services.AddConnectionServer<StubbornHandler>(
            TestHost.AnyPort, options => options.Server.DrainTimeout = TimeSpan.FromMilliseconds(50)));
        using var client = await host.Server().ConnectAsync();
        await client.EchoesAsync("hello");
        await host.StopAsync().Within();
        await Assert.ThrowsAsync<SocketException>(client.ReceiveToEndAsync);
    }

    [Fact(Timeout = Watchdog)]
    public async Task What_is_left_is_reset_when_the_time_of_the_host_is_over()
    {
        using var host = await TestHost.StartAsync(services =>
        {
            services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(50));
            services.AddConnectionServer<StubbornHandler>(TestHost.AnyPort, options => options.Server.DrainTimeout = TimeSpan.FromHours(1));
        });
        using var client = await host.Server().ConnectAsync();
        await client.EchoesAsync("hello");
        await host.StopAsync().Within();
        await Assert.ThrowsAsync<SocketException>(client.ReceiveToEndAsync);
    }

    [Fact(Timeout = Watchdog)]
    public async Task An_application_that_is_disposed_without_a_stop_waits_for_nobody()
    {
        var host = await TestHost.StartAsync(services => services.AddConnectionServer<StubbornHandler>(
            TestHost.AnyPort, options => options.Server.DrainTimeout = TimeSpan.FromHours(1)));
        using var client = await host.Server().ConnectAsync();
        await client.EchoesAsync("hello");
        await ((IAsyncDisposable)host).DisposeAsync().Within();
        await Assert.ThrowsAsync<SocketException>(client.ReceiveToEndAsync);
    }

    [Fact(Timeout = Watchdog)]
    public async Task An_endpoint_that_is_taken_fails_the_start_and_frees_the_others()
    {
        using var first = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        var free = TestHost.Nobody();
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(
            "second", options => options.EndPoints = [free, first.Server().LocalEndPoints[0]])));
        Assert.Equal(ConnectionError.AddressInUse, exception.Error);
        Assert.Contains($"{first.Server().LocalEndPoints[0]}", exception.Message, StringComparison.Ordinal);
        using var third = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(free));
        await first.StopAsync().Within();
        await third.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task It_binds_every_endpoint_and_host_names_too()
    {
        using var folder = new TemporaryFolder();
        using var host = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(
            "several",
            options => options.EndPoints = [TestHost.AnyPort, new DnsEndPoint("127.0.0.1", 0), new UnixDomainSocketEndPoint(folder.File("s"))]));
        Assert.Equal(3, host.Server().LocalEndPoints.Count);
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => TestHost.StartAsync(
            services => services.AddConnectionServer<EchoHandler>(new DnsEndPoint("no-such-host.invalid", 0))));
        Assert.Contains("no-such-host.invalid", exception.Message, StringComparison.Ordinal);
        await host.StopAsync().Within();
        Assert.False(File.Exists(folder.File("s")));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_that_ends_by_itself_stops_the_application_and_fails_its_stop()
    {
        var logs = new LogBook();
        using var host = await TestHost.StartAsync(services => services
            .AddLogging(logging => logging.AddProvider(logs))
            .AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        foreach (var listener in host.Server().Listeners)
        {
            await listener.DisposeAsync();
        }

        await stopping.Task.Within();
        Assert.Contains(logs.Entries, entry => entry.StartsWith("Critical 230 ", StringComparison.Ordinal) && entry.Contains(nameof(EchoHandler), StringComparison.Ordinal));
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => host.StopAsync()).Within();
        Assert.Contains(nameof(EchoHandler), exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task It_serves_a_certificate_from_a_file_in_the_configuration()
    {
        using var folder = new TemporaryFolder();
        var (certificate, key) = Certificates.MakePem("localhost");
        await File.WriteAllTextAsync(folder.File("tls.crt"), certificate);
        await File.WriteAllTextAsync(folder.File("tls.key"), key);
        using var host = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(TestHost.Section(
            ("EndPoint", "127.0.0.1:0"), ("CertificatePath", folder.File("tls.crt")), ("CertificateKeyPath", folder.File("tls.key")))));
        using var socket = await host.Server().ConnectAsync();
        await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false, static (_, shown, _, _) => shown is not null);
        await tls.AuthenticateAsClientAsync("localhost").Within();
        await tls.WriteAsync("hello"u8.ToArray());
        var echo = new byte[5];
        await tls.ReadExactlyAsync(echo).Within();
        Assert.Equal("hello"u8.ToArray(), echo);
        await host.StopAsync().Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_certificate_that_cannot_be_loaded_fails_the_start_by_name()
    {
        var section = TestHost.Section(("EndPoint", "127.0.0.1:0"), ("CertificatePath", "/no/such.pem"));
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(section)));
        Assert.Contains("NetKit: CertificatePath is \"/no/such.pem\"", exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task TLS_without_a_certificate_fails_the_start_and_leaves_no_listener()
    {
        var endPoint = TestHost.Nobody();
        await Assert.ThrowsAsync<ArgumentException>(() => TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(
            endPoint, options => options.Server.Tls = new SslServerAuthenticationOptions())));
        using var host = await TestHost.StartAsync(services => services.AddConnectionServer<EchoHandler>(endPoint));
        await host.StopAsync().Within();
    }

    [Fact]
    public void Two_servers_of_one_name_are_refused()
    {
        var services = new ServiceCollection().AddConnectionServer<EchoHandler>(TestHost.AnyPort);
        var exception = Assert.Throws<ArgumentException>(() => services.AddConnectionServer<EchoHandler>(TestHost.AnyPort));
        Assert.Contains(nameof(EchoHandler), exception.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Servers_are_found_by_their_names_and_all_together()
    {
        using var host = await TestHost.StartAsync(services => services
            .AddConnectionServer<EchoHandler>(TestHost.AnyPort)
            .AddConnectionServer<EchoHandler>("other", options => options.EndPoints = [TestHost.AnyPort]));
        var all = host.Services.GetServices<HostedConnectionServer>().ToArray();
        Assert.Equal([nameof(EchoHandler), "other"], all.Select(server => server.Name));
        Assert.Same(all[1], host.Services.GetRequiredKeyedService<HostedConnectionServer>("other"));
        foreach (var server in all)
        {
            using var client = await server.ConnectAsync();
            await client.EchoesAsync(server.Name);
        }

        await host.StopAsync().Within();
    }

    [Fact]
    public void A_handler_that_is_a_singleton_is_called_without_anything_in_between()
    {
        var services = new ServiceCollection().AddConnectionServer<EchoHandler>(TestHost.AnyPort);
        using var provider = services.BuildServiceProvider();
        var call = HandlerLifetime.Resolve<EchoHandler>(provider, services);
        Assert.Same(provider.GetRequiredService<EchoHandler>(), call.Target);
        Assert.Equal(nameof(IConnectionHandler.HandleAsync), call.Method.Name);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(ServiceLifetime.Singleton, 1)]
    [InlineData(ServiceLifetime.Scoped, 3)]
    [InlineData(ServiceLifetime.Transient, 3)]
    public async Task Each_connection_has_a_handler_of_its_own_unless_that_is_a_singleton(ServiceLifetime lifetime, int expected)
    {
        var books = new CountingHandler.Books();
        using (var host = await TestHost.StartAsync(services =>
        {
            services.AddSingleton(books);
            services.Add(new ServiceDescriptor(typeof(CountingHandler), typeof(CountingHandler), lifetime));
            services.AddConnectionServer<CountingHandler>(TestHost.AnyPort);
        }))
        {
            for (var connection = 0; connection < 3; connection++)
            {
                using var client = await host.Server().ConnectAsync();
                await client.EchoesAsync("hello");
            }

            await Eventually.Equal(0, () => host.Server().ActiveConnections);
            Assert.Equal(expected, books.Served.Count);
            Assert.Equal(lifetime == ServiceLifetime.Singleton ? 0 : 3, Volatile.Read(ref books.Disposed));
            await host.StopAsync().Within();
        }

        Assert.Equal(expected, books.Disposed);
    }

    [Fact]
    public void Arguments_that_are_null_are_refused()
    {
        var services = new ServiceCollection();
        Assert.Throws<ArgumentNullException>(() => services.AddConnectionServer<EchoHandler>((EndPoint)null!));
        Assert.Throws<ArgumentNullException>(() => services.AddConnectionServer<EchoHandler>("name", null!));
        Assert.Throws<ArgumentException>(() => services.AddConnectionServer<EchoHandler>("", _ => { }));
        Assert.Throws<ArgumentNullException>(() => NetKitServiceCollectionExtensions.AddConnectionServer<EchoHandler>(null!, TestHost.AnyPort));
    }
}
