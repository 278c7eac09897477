using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetKit.Tests.Chat;

/// <summary>Many who want in at the same time.</summary>
public sealed class CrowdTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task No_more_come_in_than_are_allowed_also_when_all_come_at_once()
    {
        const int Size = 64;
        const int Rounds = 800;
        await using var chat = await RunningChat.StartAsync("--max-clients", "1");
        using var crowd = new Crowd(chat.Address, Size);
        var admitted = await Task.Run(() => Enumerable.Range(0, Rounds).Select(_ => crowd.PressIn()).ToArray(), TestContext.Current.CancellationToken);
        Assert.All(admitted, static count => Assert.InRange(count, 0, 1));
        Assert.InRange(admitted.Sum(), Rounds / 2, Rounds); // the one before may be about to leave still
        await chat.MetricBecomesAsync("websocket_active_connections", 0);
        Assert.Equal((Size * Rounds) - admitted.Sum(), await chat.MetricAsync("chat_handshakes_refused_total{reason=\"full\"}"));
    }

    /// <summary>Clients that ask at the same time, each for a room of its own, and leave when all have their answer.</summary>
    private sealed class Crowd(IPEndPoint chat, int size) : IDisposable
    {
        private readonly byte[][] _handshakes = [.. Enumerable.Range(0, size).Select(static number => Encoding.ASCII.GetBytes(RawClient.Handshake($"/ws?room={number}")))];
        private readonly Socket[] _clients = [.. Enumerable.Range(0, size).Select(_ => Connect(chat))];

        /// <summary>Tells how many were inside together.</summary>
        public int PressIn()
        {
            Parallel.For(0, size, number => _clients[number].Send(_handshakes[number]));
            var admitted = Enumerable.Range(0, size).Where(number => IsAdmitted(_clients[number])).ToArray();
            foreach (var number in admitted)
            {
                Leave(_clients[number]);
                _clients[number] = Connect(chat);
            }

            return admitted.Length;
        }

        public void Dispose() => Array.ForEach(_clients, static client => client.Dispose());

        private static Socket Connect(IPEndPoint chat)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000 };
            socket.Connect(chat);
            return socket;
        }

        // A refused one stays connected, and asks again in the next round.
        private static bool IsAdmitted(Socket client)
        {
            var head = new byte[4096];
            var length = 0;
            while (head.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
            {
                var count = client.Receive(head.AsSpan(length));
                Assert.NotEqual(0, count);
                length += count;
            }

            return head.AsSpan().StartsWith("HTTP/1.1 101 "u8);
        }

        private static void Leave(Socket client)
        {
            client.Send(RawClient.Close(1000));
            var rest = new byte[4096];
            while (client.Receive(rest) > 0)
            {
            }

            client.Dispose();
        }
    }
}
