using System.Globalization;

namespace NetKit.Samples;

/// <summary>Puts the chat together: a page, its WebSockets, metrics and health, on one port.</summary>
internal static class ChatApp
{
    private const int HandshakeBytes = 8_192;

    public static WebApplication Build(ChatSettings settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

        // It logs, with a stack trace, what keeps the chat from starting; that is said in one line by who starts it.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Services.AddNetKitTransport(transport => transport.Listener.Socket.SendBufferSize = settings.SendBuffer);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(settings.Listen);
            kestrel.AddServerHeader = false;
            kestrel.Limits.RequestHeadersTimeout = settings.ReadTimeout;
            kestrel.Limits.KeepAliveTimeout = settings.ReadTimeout;
            kestrel.Limits.MaxRequestHeadersTotalSize = HandshakeBytes;
            kestrel.Limits.MaxRequestLineSize = HandshakeBytes;
            kestrel.Limits.MaxRequestBufferSize = HandshakeBytes;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MinResponseDataRate = null; // each message has a deadline of its own
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.Drain);
        AddChat(builder.Services, settings);

        var app = builder.Build();
        var page = ReadPage(settings);
        app.MapGet("/", () => Results.Text(page, "text/html; charset=utf-8"));
        app.Map("/ws", context => context.RequestServices.GetRequiredService<ChatEndpoint>().ServeAsync(context));
        app.MapGet("/metrics", (ChatMetrics metrics, RoomDirectory rooms) => Results.Text(metrics.ToPrometheus(rooms.Count), PrometheusText.ContentType));
        app.MapGet("/health", (ChatMetrics metrics, IHostApplicationLifetime lifetime) => lifetime.ApplicationStopping.IsCancellationRequested
            ? Results.Text("stopping", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text(metrics.BackplaneIsConnected == false ? "ok, without Redis" : "ok"));
        if (settings.ListsConnections)
        {
            var open = app.Services.GetRequiredService<OpenConnections>();
            app.MapGet("/connections", () => open.ToString());
        }

        return app;
    }

    private static string ReadPage(ChatSettings settings)
    {
        using var reader = new StreamReader(typeof(ChatApp).Assembly.GetManifestResourceStream("Page.html")!);
        return reader.ReadToEnd().Replace("__MAX_MESSAGE__", settings.MaxMessage.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    private static void AddChat(IServiceCollection services, ChatSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ChatMetrics>();
        services.AddSingleton<OpenConnections>();
        services.AddSingleton<RoomDirectory>();
        services.AddSingleton<ChatEndpoint>();
        services.AddSingleton<Heartbeat>();
        services.AddHostedService(static provider => provider.GetRequiredService<Heartbeat>());
        services.AddHostedService<Presence>();
        if (settings.Backplane is null)
        {
            services.AddSingleton<IBackplane, NoBackplane>();
            return;
        }

        services.AddSingleton(settings.Backplane);
        services.AddSingleton<RedisBackplane>();
        services.AddSingleton<IBackplane>(static provider => provider.GetRequiredService<RedisBackplane>());
        services.AddHostedService(static provider => provider.GetRequiredService<RedisBackplane>());
    }
}
