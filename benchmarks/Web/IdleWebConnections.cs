using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>What a keep-alive connection costs that has had its answer and waits for the next request.</summary>
internal static class IdleWebConnections
{
    private const int WarmUp = 200;

    // One address has too few ports for many more connections than we hold.
    private const int SourceAddresses = 8;

    public static void Run(Arguments arguments)
    {
        var count = arguments.Number("connections", 5_000);
        var rounds = arguments.Number("rounds", 3);
        var table = new ResultTable("web-idle", "Transport", "Managed B", "Resident B");
        var costs = WebServer.Transports.ToDictionary(static name => name, static _ => new List<(double Managed, double Resident)>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var transport in WebServer.Transports)
            {
                costs[transport].Add(Cost(transport, count));
                Console.Error.WriteLine($"{transport}: {costs[transport][^1]}");
            }
        }

        foreach (var (transport, of) in costs)
        {
            table.Add(
                transport,
                ResultTable.Number(Statistics.Median(of.Select(static cost => cost.Managed))),
                ResultTable.Number(Statistics.Median(of.Select(static cost => cost.Resident))));
        }

        table.Note(
            $"Per connection, with {count:N0} of them, after one request each; medians of {rounds} rounds, each with a fresh process. Most of it is Kestrel's own state of a "
            + "connection, which both have. Managed: what the collector finds in use, less what it found before; "
            + "resident: the same for the pages of the process. The kernel's own memory for a socket is in neither.");
        table.Attach(costs.Select(static cost => new { transport = cost.Key, rounds = cost.Value.Select(static of => new { of.Managed, of.Resident }) }));
        table.Save(arguments.CommandOf("benchmarks/Web/run"));
    }

    private static (double Managed, double Resident) Cost(string transport, int count)
    {
        using var server = new WebPeer(transport);

        // Code and caches of the first connections are not the price of the next.
        Connect(server.Port, WarmUp).ForEach(static socket => socket.Dispose());
        server.Measure();
        Thread.Sleep(500);
        var before = server.Measure();
        var sockets = Connect(server.Port, count);
        Thread.Sleep(500);
        var after = server.Measure();
        sockets.ForEach(static socket => socket.Dispose());
        return ((double)(after.Managed - before.Managed) / count, (double)(after.Resident - before.Resident) / count);
    }

    private static List<Socket> Connect(int port, int count)
    {
        var request = "GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n"u8;
        var answer = new byte[1024];
        var sockets = new List<Socket>(count);
        for (var index = 0; index < count; index++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + (index % SourceAddresses))]), 0));
            socket.Connect(IPAddress.Loopback, port);
            socket.Send(request);
            if (socket.Receive(answer) is var length && !answer.AsSpan(0, length).EndsWith("Hello, World!"u8))
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Connection {index} was answered with {length} bytes of something else."));
            }

            sockets.Add(socket);
        }

        return sockets;
    }
}
