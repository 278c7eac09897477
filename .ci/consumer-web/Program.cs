// What a stranger does with the package: an empty web project, and one line.
using Microsoft.AspNetCore.Connections;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.Services.AddNetKitTransport();
await using var app = builder.Build();
app.MapGet("/", () => "the request was answered");
await app.StartAsync();
using var client = new HttpClient();
Console.WriteLine(await client.GetStringAsync(new Uri(app.Urls.First())));
Console.WriteLine($"by {app.Services.GetServices<IConnectionListenerFactory>().Last().GetType().Assembly.GetName().Name}");
