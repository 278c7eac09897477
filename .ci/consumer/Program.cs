// What a stranger does with the package: an echo server, and a client whose deadlines hold.
using System.Net;
using System.Net.Sockets;
using NetKit;

using var stop = new CancellationTokenSource();
await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
await using var server = new ConnectionServer(listener, (connection, stopping) => connection.CopyToAsync(connection, stopping));
var serving = server.RunAsync(stop.Token);

var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
await socket.ConnectAsync(listener.LocalEndPoint);
await using (var client = Connection.FromSocket(socket))
{
    var buffer = new byte[16];
    client.ReadDeadline = Deadline.After(TimeSpan.FromMilliseconds(50));
    try
    {
        _ = await client.ReadAsync(buffer);
    }
    catch (DeadlineExceededException)
    {
        Console.WriteLine("the deadline held");
    }

    client.SetDeadline(Deadline.After(TimeSpan.FromSeconds(30)));
    await client.WriteAsync("echo"u8.ToArray());
    await client.ReadExactlyAsync(buffer.AsMemory(0, 4));
    Console.WriteLine(buffer.AsSpan(0, 4).SequenceEqual("echo"u8) ? "the echo came back" : "something else came back");
}

await stop.CancelAsync();
var drained = await serving;
Console.WriteLine($"drained, {drained.Aborted} aborted");
