using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Hosting;

/// <summary>An app that serves at a port of its own, on one transport or the other.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebServer(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Address.Port);

    public static async Task<WebServer> StartAsync(
        bool onNetKit,
        Action<WebApplication>? map = null,
        Action<KestrelServerOptions>? configure = null,
        Action<IServiceCollection>? services = null,
        Action<NetKitTransportOptions>? transport = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(configure ?? (kestrel => kestrel.Listen(IPAddress.Loopback, 0)));
        if (onNetKit)
        {
            builder.Services.AddNetKitTransport(transport);
        }

        services?.Invoke(builder.Services);
        var app = builder.Build();
        map?.Invoke(app);
        try
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new WebServer(app);
    }

    /// <summary>A client that takes the test certificate and speaks one version of HTTP.</summary>
    public HttpClient CreateClient(Version? version = null)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = Certificates.IsLocalhost },
        };
        return new HttpClient(handler)
        {
            BaseAddress = Address,
            DefaultRequestVersion = version ?? HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(EndPoint, TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>Connects and sends, as a client that speaks HTTP by hand.</summary>
    public async Task<Socket> SendAsync(string request)
    {
        var socket = await ConnectAsync();
        await socket.SendTextAsync(request);
        return socket;
    }

    public Task StopAsync() => StopAsync(TestContext.Current.CancellationToken);

    /// <summary>Stops, and cuts what is left when the token is cancelled.</summary>
    public Task StopAsync(CancellationToken hurry) => _app.StopAsync(hurry);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None).Within();
        await _app.DisposeAsync();
    }
}
