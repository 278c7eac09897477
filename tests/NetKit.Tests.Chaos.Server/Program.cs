using System.Globalization;
using System.Net;
using NetKit;
using NetKit.Samples;
using NetKit.Tests.Chaos;

// A small Redis for the chaos test, which kills it: port, lateness in ms. Answers as each request asks for. A line of its
// input is a number of connections to reset; it stops when its input ends.
var script = new Script(TimeSpan.FromMilliseconds(int.Parse(args[1], CultureInfo.InvariantCulture)));
await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, int.Parse(args[0], CultureInfo.InvariantCulture)));
await using var server = new ConnectionServer(listener, script.HandleAsync, new ConnectionServerOptions { DrainTimeout = TimeSpan.Zero });
using var stop = new CancellationTokenSource();
var running = server.RunAsync(stop.Token);
Console.WriteLine("Ready to accept connections");
while (await Console.In.ReadLineAsync() is { } line)
{
    script.Cut(int.Parse(line, CultureInfo.InvariantCulture));
}

await stop.CancelAsync();
await running;
