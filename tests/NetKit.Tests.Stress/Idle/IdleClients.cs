using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Stress;

/// <summary>The clients of <see cref="Idle"/>: they wait as the server does, and count how often it wakes.</summary>
internal static class IdleClients
{
    private const int PerAddress = 1_000;

    // The runtime compiles again what turned out to be hot; then threads that are not needed any more end, the last after 20 s.
    private static readonly TimeSpan s_settleTime = TimeSpan.FromSeconds(40);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var server = arguments.Number("server", 0);
        var target = new IPEndPoint(IPAddress.Loopback, arguments.Number("port", 0));
        var time = arguments.Time("seconds", 10);
        var clients = new Connection[arguments.Number("connections", 1)];
        var start = Stopwatch.GetTimestamp();
        for (var index = 0; index < clients.Length; index++)
        {
            clients[index] = Dial(target, index);
            await AskAsync(clients[index]).ConfigureAwait(false);
        }

        var dialed = Stopwatch.GetElapsedTime(start);
        var process = new ProcessState(server.ToString(CultureInfo.InvariantCulture));
        var rest = await Rest.AwaitPerfectAsync(process, time, s_settleTime).ConfigureAwait(false);
        Console.WriteLine($"opened in {dialed.TotalSeconds:F1} s; the server, of {process.Threads} threads, at rest: {rest}");
        if (!rest.IsPerfect)
        {
            Findings.Report($"The idle server does not sleep: {rest}");
        }

        foreach (var client in clients)
        {
            await AskAsync(client).ConfigureAwait(false);
            client.Abort();
        }

        return Findings.Conclude($"{clients.Length} clients");
    }

    // From several addresses, so that ports never run out.
    private static Connection Dial(IPEndPoint target, int number)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(new IPAddress([127, 1, 1, (byte)(1 + (number / PerAddress))]), 0));
        socket.Connect(target);
        return Connection.FromSocket(socket);
    }

    private static async Task AskAsync(Connection client)
    {
        client.ReadDeadline = Deadline.After(Idle.Patience);
        var message = new byte[] { 42 };
        await client.WriteAsync(message).ConfigureAwait(false);
        await client.ReadExactlyAsync(message).ConfigureAwait(false);
    }
}
