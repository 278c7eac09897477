using System.Net;
using Microsoft.Extensions.Logging;
using NetKit;
using NetKit.Tests.Server;

// An echo server for tests that need a process of their own. Prints its port, and stops when its input ends.
// "hostile": every handler ends by throwing, and so does every call of the logger.
var hostile = args is ["hostile"];
using ILoggerFactory? loggers = hostile ? new BrokenLog() : null;
await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), loggerFactory: loggers);
await using var server = new ConnectionServer(listener, HandleAsync, loggerFactory: loggers);

using var stop = new CancellationTokenSource();
var run = server.RunAsync(stop.Token);
Console.WriteLine(((IPEndPoint)listener.LocalEndPoint).Port);
await Console.In.ReadToEndAsync();
await stop.CancelAsync();
Console.WriteLine(await run);

async Task HandleAsync(Connection connection, CancellationToken stopping)
{
    await connection.CopyToAsync(connection, stopping);
    if (hostile)
    {
        throw new InvalidOperationException("This handler always ends like this.");
    }
}
