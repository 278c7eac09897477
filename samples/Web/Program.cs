using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NetKit.Samples;

if (CommandLine.AsksForHelp(args))
{
    Console.WriteLine(Settings.Usage);
    return 0;
}

Settings settings;
try
{
    settings = Settings.Parse(args);
}
catch (UsageException e)
{
    Console.Error.WriteLine($"Web: {e.Message} See --help.");
    return 2;
}

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSignalR();
builder.WebHost.UseKestrelHttpsConfiguration();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    Listen(kestrel, 0, HttpProtocols.Http1);
    Listen(kestrel, 1, HttpProtocols.Http1AndHttp2, endpoint => endpoint.UseHttps(DevelopmentCertificate.Create()));
    Listen(kestrel, 2, HttpProtocols.Http2);
});

if (settings.OnNetKit)
{
    // The one line by which this app differs from any other.
    builder.Services.AddNetKitTransport();
}

await using var app = builder.Build();
app.UseWebSockets();
app.MapGet("/", () => Results.Stream(typeof(Program).Assembly.GetManifestResourceStream("Page.html")!, "text/html; charset=utf-8"));
app.MapGet("/plaintext", () => "Hello, World!");
app.Map("/ws", EchoSocket.ServeAsync);
app.MapHub<EchoHub>("/hub");
await app.StartAsync();
SayHowToTry([.. app.Urls]);
await app.WaitForShutdownAsync();
return 0;

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
