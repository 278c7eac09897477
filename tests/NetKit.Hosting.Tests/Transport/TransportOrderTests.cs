using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Hosting.Transport;

/// <summary>The one line that puts Kestrel on NetKit, at whatever place an application has it.</summary>
public sealed class TransportOrderTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task Before_UseKestrel()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddNetKitTransport();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        await AssertIsOnNetKitAsync(app);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Before_ConfigureWebHostDefaults()
    {
        using var host = new HostBuilder()
            .ConfigureServices(services => services.AddNetKitTransport())
            .ConfigureWebHostDefaults(web => web.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)).Configure(static _ => { }))
            .Build();
        await AssertIsOnNetKitAsync(host);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Beside_a_handle_that_was_inherited()
    {
        using var inherited = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        inherited.Bind(TestHost.AnyPort);
        inherited.Listen();
        await using var server = await WebServer.StartAsync(onNetKit: true, app => app.MapGet("/", () => "hello"), kestrel => kestrel.ListenHandle((ulong)inherited.Handle));
        using var client = new HttpClient();
        Assert.Equal("hello", await client.GetStringAsync(new Uri($"http://{inherited.LocalEndPoint}/")).Within());
    }

    private static async Task AssertIsOnNetKitAsync(IHost host)
    {
        Assert.IsType<TransportFactory>(host.Services.GetServices<IConnectionListenerFactory>().Last());
        await host.StartAsync().Within();
        await host.StopAsync().Within();
    }
}
