using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Stress;

/// <summary>Where links are opened: listeners of every kind, at which several wait and give up again and again.</summary>
internal sealed class Doors : IAsyncDisposable
{
    private const int AcceptsTogether = 2;

    // Only for sending: TCP drops what does not fit a small buffer for receiving, and waits for long before it sends it again.
    private static readonly SocketOptions s_smallBuffer = new() { SendBufferSize = 8 * 1024 };

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, TaskCompletionSource<Connection>> _expected = new();
    private readonly List<(string Transport, ConnectionListener Listener)> _listeners = [];
    private readonly List<Task> _accepting = [];
    private readonly int _seed;

    public Doors(int seed)
    {
        _seed = seed;
        Listen("TCP", new IPEndPoint(IPAddress.Loopback, 0), new SocketOptions(), elsewhere: false);
        Listen("TCP, small buffer", new IPEndPoint(IPAddress.Loopback, 0), s_smallBuffer, elsewhere: false);
        Listen("TCP, thread pool", new IPEndPoint(IPAddress.Loopback, 0), s_smallBuffer, elsewhere: true);

        // Names longer than those of clients: .NET's own accept, on the portable engine, has no room for a longer one, and ends the process.
        Listen("Unix", new UnixDomainSocketEndPoint($"\0hunt-{Environment.ProcessId}-with-buffers-as-usual"), new SocketOptions(), elsewhere: false);
        Listen("Unix, small buffer", new UnixDomainSocketEndPoint($"\0hunt-{Environment.ProcessId}-with-a-small-buffer"), s_smallBuffer, elsewhere: false);
    }

    /// <summary>How many dialed and were never accepted.</summary>
    public int Expected => _expected.Count;

    /// <summary>Opens a link. Blocks until it has been accepted, which must be soon.</summary>
    public Link Open(long number, Random random)
    {
        var (transport, listener) = _listeners[random.Next(_listeners.Count)];
        var socket = listener.LocalEndPoint is IPEndPoint
            ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        // A name of its own for each: ports never run out, and we can tell who dialed.
        socket.Bind(listener.LocalEndPoint is IPEndPoint
            ? new IPEndPoint(new IPAddress([127, 1, (byte)(number / 250 % 250), (byte)(1 + (number % 250))]), 0)
            : new UnixDomainSocketEndPoint($"\0hunt-{Environment.ProcessId}-{number}"));
        var accepted = new TaskCompletionSource<Connection>(TaskCreationOptions.RunContinuationsAsynchronously);
        _expected[socket.LocalEndPoint!.ToString()!] = accepted;
        socket.Connect(listener.LocalEndPoint);
        var client = Connection.FromSocket(socket, random.Next(2) == 0 ? s_smallBuffer : null);
        return accepted.Task.Wait(s_patience)
            ? new Link(number, transport, client, accepted.Task.Result, random)
            : throw new TimeoutException($"{client} was never accepted.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, listener) in _listeners)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(_accepting).ConfigureAwait(false);
    }

    private void Listen(string transport, EndPoint endPoint, SocketOptions options, bool elsewhere)
    {
        var listener = ConnectionListener.Bind(
            endPoint, new ListenerOptions { Backlog = 4096, Socket = options, RunContinuationsAsynchronously = elsewhere });
        _listeners.Add((transport, listener));
        for (var index = 0; index < AcceptsTogether; index++)
        {
            _accepting.Add(AcceptAsync(listener, new Random(_seed + _accepting.Count)));
        }
    }

    private async Task AcceptAsync(ConnectionListener listener, Random random)
    {
        while (true)
        {
            using var giveUp = random.Next(2) == 0 ? new CancellationTokenSource(random.Next(50)) : new CancellationTokenSource();
            try
            {
                var connection = await listener.AcceptAsync(giveUp.Token).ConfigureAwait(false);
                var client = connection.RemoteEndPoint?.ToString();
                if (client is not null && _expected.TryRemove(client, out var accepted))
                {
                    accepted.SetResult(connection);
                }
                else
                {
                    Findings.Report($"A connection from {client}, and nobody has dialed from there.");
                }
            }
            catch (OperationCanceledException exception) when (exception.CancellationToken == giveUp.Token && giveUp.IsCancellationRequested)
            {
                // Once more.
            }
            catch (ConnectionException exception) when (exception.Error == ConnectionError.Closed)
            {
                return;
            }
            catch (Exception exception)
            {
                Findings.Report($"Accept: {exception}");
                return;
            }
        }
    }
}
