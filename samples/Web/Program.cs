using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NetKit;
using NetKit.Samples;

if (CommandLine.AsksForHelp(args))
{
    Console.WriteLine(Settings.Usage);
    return 0;
}

try
{
    await RunAsync(Settings.Parse(args));
    return 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine($"Web: {e.Message} See --help.");
    return 2;
}
catch (Exception e) when (e is SocketException or ConnectionException || e.InnerException is AddressInUseException)
{
    Console.Error.WriteLine($"Web: {e.Message.TrimEnd('.')}; choose another with --port");
    return 1;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
{
    Console.Error.WriteLine($"Web: no certificate: {e.Message}");
    return 1;
}

static async Task RunAsync(Settings settings)
{
    var builder = WebApplication.CreateSlimBuilder();
    builder.Logging.SetMinimumLevel(LogLevel.Warning);

    // It logs, with a stack trace, what keeps the app from starting; that is said in one line above.
    builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    builder.Services.AddSignalR();
    builder.WebHost.UseKestrelHttpsConfiguration();
    builder.WebHost.ConfigureKestrel(kestrel =>
    {
        Limits.Apply(kestrel.Limits);
        Listen(kestrel, 0, HttpProtocols.Http1);
        Listen(kestrel, 1, HttpProtocols.Http1AndHttp2, endpoint => Tls.Use(endpoint, settings));
        Listen(kestrel, 2, HttpProtocols.Http2);
    });

    if (settings.OnNetKit)
    {
        // The one line by which this app differs from any other.
        builder.Services.AddNetKitTransport();
    }

    await using var app = builder.Build();
    app.UseWebSockets(Limits.OfWebSockets());
    app.MapGet("/", () => Results.Stream(typeof(Program).Assembly.GetManifestResourceStream("Page.html")!, "text/html; charset=utf-8"));
    app.MapGet("/plaintext", () => "Hello, World!");
    app.Map("/ws", EchoSocket.ServeAsync);
    app.MapHub<EchoHub>("/hub");
    await app.StartAsync();
    SayHowToTry([.. app.Urls]);
    await app.WaitForShutdownAsync();

    void Listen(KestrelServerOptions kestrel, int index, HttpProtocols protocols, Action<ListenOptions>? configure = null) =>
        kestrel.Listen(IPAddress.Loopback, settings.Port == 0 ? 0 : settings.Port + index, endpoint =>
        {
            endpoint.Protocols = protocols;
            configure?.Invoke(endpoint);
        });

    void SayHowToTry(string[] addresses) => Console.WriteLine($"""
        Serving on {(settings.OnNetKit ? "NetKit" : "Kestrel's own transport")}. Open {addresses[0]} in a browser, or from another terminal:
          curl {addresses[0]}/plaintext
          curl -k --http2 {addresses[1]}/plaintext
          curl --http2-prior-knowledge {addresses[2]}/plaintext
        Ctrl+C or SIGTERM stops the server.
        """);
}
