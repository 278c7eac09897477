using System.Globalization;
using NetKit.Benchmarks;

// usage: Servers KIND echo|sink|idle BUFFER_BYTES. Prints its port; ends when standard input closes.
if (args is not [var kind, var mode, var size] || !Enum.TryParse<Work>(mode, ignoreCase: true, out var work))
{
    Console.Error.WriteLine("usage: Servers sockets|sockets-inline|kestrel|netkit|netkit-deadlines echo|sink|idle BUFFER_BYTES");
    return 2;
}

if (kind == "sockets-inline")
{
    // Read once, before the first socket: continuations run on the thread that waits for events.
    Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
}

var bufferSize = int.Parse(size, CultureInfo.InvariantCulture);
var port = kind switch
{
    "sockets" or "sockets-inline" => SocketServer.Start(work, bufferSize),
    "kestrel" => await KestrelServer.StartAsync(work),
    "netkit" => NetKitServer.Start(work, bufferSize, movesDeadlines: false),
    "netkit-deadlines" => NetKitServer.Start(work, bufferSize, movesDeadlines: true),
    _ => throw new ArgumentException($"There is no server of the kind {kind}."),
};
Console.WriteLine(port);
while (Console.ReadLine() is not null)
{
}

return 0;
