using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>The other side of a bulk transfer, in a process of its own: floods or drains every connection it gets.</summary>
internal static class BulkPeer
{
    public const string Mode = "bulk-peer";
    private const int ChunkSize = 256 * 1024;

    /// <summary>Runs in the peer process: connects twice for each way, one connection to flood and one to drain.</summary>
    public static void Run(int port, int pairs)
    {
        for (var index = 0; index < pairs; index++)
        {
            var flooded = Loopback.Connect(port);
            new Thread(() => Forever(flooded, static (socket, buffer) => socket.Send(buffer))) { IsBackground = true }.Start();
            var drained = Loopback.Connect(port);
            new Thread(() => Forever(drained, static (socket, buffer) => socket.Receive(buffer))) { IsBackground = true }.Start();
        }

        // The starter holds our standard input open for as long as it needs us.
        Console.In.ReadToEnd();
    }

    private static void Forever(Socket socket, Func<Socket, byte[], int> transfer)
    {
        var buffer = new byte[ChunkSize];
        try
        {
            while (transfer(socket, buffer) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // The measurement is over.
        }
    }
}
