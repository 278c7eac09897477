using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>Holds the client ends, in a process of its own: its memory is not the server's.</summary>
internal static class ClientProcess
{
    public const string Mode = "clients";

    // One address has too few ports for many more connections than we hold; so has a machine that just closed as many.
    private const int SourceAddresses = 8;

    /// <summary>Obeys the starter: "connect n", "close", and "message", which sends a byte on each connection and awaits its echo.</summary>
    public static void Run(int port)
    {
        var sockets = new List<Socket>();
        while (Console.In.ReadLine() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["connect", var count]:
                    for (var wanted = int.Parse(count, CultureInfo.InvariantCulture); sockets.Count < wanted;)
                    {
                        sockets.Add(Connect(port, sockets.Count));
                    }

                    break;
                case ["message"]:
                    sockets.ForEach(static socket => socket.Send([1]));
                    sockets.ForEach(static socket => socket.Receive(new byte[1]));
                    break;
                case ["close"]:
                    sockets.ForEach(static socket => socket.Dispose());
                    sockets.Clear();
                    break;
            }

            Console.Out.WriteLine("done");
        }
    }

    private static Socket Connect(int port, int index)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + (index % SourceAddresses))]), 0));
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }
}
