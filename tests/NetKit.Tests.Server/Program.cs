using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using NetKit;
using NetKit.Tests.Server;

// An echo server for tests that need a process of their own. Prints its port, and stops when its input ends.
// "hostile": every handler ends by throwing, and so does every call of the logger.
// "limited RATE GRACE": clients must send so many bytes a second, with a grace period of so many seconds.
// Plain files in place of Console, which alone takes ten descriptors of the few that the tests leave.
using var input = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
using var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);

var hostile = args is ["hostile"];
using ILoggerFactory? loggers = hostile ? new BrokenLog() : null;
await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), loggerFactory: loggers);
var options = new ConnectionServerOptions
{
    MinReceiveRate = args is ["limited", var rate, var grace]
        ? new MinDataRate(double.Parse(rate, CultureInfo.InvariantCulture), TimeSpan.FromSeconds(double.Parse(grace, CultureInfo.InvariantCulture)))
        : null,
};
await using var server = new ConnectionServer(listener, HandleAsync, options, loggers);

using var stop = new CancellationTokenSource();
var run = server.RunAsync(stop.Token);
Print($"{((IPEndPoint)listener.LocalEndPoint).Port}");
input.ReadByte();
await stop.CancelAsync();
Print($"{await run}");

void Print(string line) => output.Write(System.Text.Encoding.UTF8.GetBytes($"{line}\n"));

async Task HandleAsync(Connection connection, CancellationToken stopping)
{
    await connection.CopyToAsync(connection, stopping);
    if (hostile)
    {
        throw new InvalidOperationException("This handler always ends like this.");
    }
}
