using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace NetKit.Tests.Hosting.Readme;

/// <summary>The code of the READMEs that belongs in an application, so that it compiles.</summary>
internal static class HostingExamples
{
    public static IHost BuildApplication(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddConnectionServer<EchoHandler>(builder.Configuration.GetSection("Echo"));   // starts, drains and stops with it
        builder.Services.AddDialer(options => options.Retry = new RetryOptions());                     // IDialer
        builder.Services.AddConnectionPool("db", new DnsEndPoint("db.internal", 5432));                // [FromKeyedServices("db")]
        builder.Services.AddHealthChecks().AddNetKitServer("Echo").AddNetKitPool("db");
        return builder.Build();
    }

    public static void RunWeb(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddNetKitTransport();
        var app = builder.Build();
        app.MapGet("/", () => "Hello");
        app.Run();
    }

    internal sealed class EchoHandler : IConnectionHandler
    {
        public Task HandleAsync(Connection connection, CancellationToken stopping) => connection.CopyToAsync(connection, stopping);
    }
}
