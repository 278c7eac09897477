using System.Globalization;
using NetKit.Benchmarks;

// usage: Servers KIND echo|sink|idle BUFFER_BYTES. Prints its port; ends when standard input closes.
if (args is not [var kind, var mode, var size] || !Enum.TryParse<Work>(mode, ignoreCase: true, out var work))
{
    Console.Error.WriteLine("usage: Servers sockets|kestrel|netkit|netkit-deadlines echo|sink|idle BUFFER_BYTES");
    return 2;
}

var bufferSize = int.Parse(size, CultureInfo.InvariantCulture);
var port = kind switch
{
    "sockets" => SocketServer.Start(work, bufferSize),
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
