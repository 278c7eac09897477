using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NetKit;
using NetKit.Tests.Hosting.Server;

// A hosted server for tests that need a process of their own, which they end by SIGTERM; or which ends by itself when it has started, if they say "once".
// The section Server comes by the command line.
var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddConnectionServer<Work>(builder.Configuration.GetSection("Server"));
using var host = builder.Build();
await host.StartAsync();
var server = host.Services.GetRequiredService<HostedConnectionServer>();
Console.WriteLine($"serving at port {((IPEndPoint)server.LocalEndPoints[0]).Port}");
if (args is [.., "once"])
{
    host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
}

await host.WaitForShutdownAsync();
var work = host.Services.GetRequiredService<Work>();
Console.WriteLine($"begun {work.Begun}, finished {work.Finished}");
