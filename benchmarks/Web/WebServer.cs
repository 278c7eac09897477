using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace NetKit.Benchmarks;

/// <summary>The same app on one transport or the other, in a process of its own.</summary>
internal static class WebServer
{
    public const string Mode = "server";
    public const string NetKit = "NetKit";
    public const string Kestrel = "Kestrel's own";

    public static string[] Transports => [Kestrel, NetKit];

    /// <summary>Prints its port, then what it holds at each "measure", until its input closes.</summary>
    public static async Task RunAsync(string transport)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(10);
        });
        if (transport == NetKit)
        {
            builder.Services.AddNetKitTransport();
        }

        await using var app = builder.Build();
        var body = "Hello, World!"u8.ToArray();
        app.MapGet("/plaintext", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/plain";
            context.Response.ContentLength = body.Length;
            await context.Response.BodyWriter.WriteAsync(body);
        });
        await app.StartAsync();
        Console.Out.WriteLine(new Uri(app.Urls.First()).Port);
        while (await Console.In.ReadLineAsync() is not null)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ProcessMemory.Managed()} {ProcessMemory.Resident()}"));
        }
    }
}
