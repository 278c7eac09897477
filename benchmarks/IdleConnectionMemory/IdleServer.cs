using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>One kind of server to hold idle connections.</summary>
internal abstract class IdleServer
{
    public const string AcceptedSocket = "Accepted Socket, nothing else";
    public const string ReadingSocket = "Socket, handler awaits ReceiveAsync of 0 B";
    public const string BufferedSocket = "Socket, handler awaits ReceiveAsync into 4 KB";
    public const string BareConnection = "NetKit connection, nobody reads";
    public const string LeanHandler = "NetKit server, handler awaits ReadAsync of 0 B";
    public const string TokenHandler = "NetKit server, handler awaits ReadAsync of 0 B with the server's token";
    public const string CopyHandler = "NetKit server, handler awaits CopyToAsync with the server's token";
    public const string ReturnedCopyHandler = "NetKit server, handler returns the task of CopyToAsync with the server's token";
    public const string Kestrel = "Kestrel socket transport, handler awaits PipeReader.ReadAsync";

    public static readonly string[] Kinds =
        [AcceptedSocket, ReadingSocket, BufferedSocket, BareConnection, LeanHandler, TokenHandler, CopyHandler, ReturnedCopyHandler, Kestrel];

    // Lists made this large before the first measurement do not grow between two, and so cost nothing in the table.
    private const int MostConnections = 20_000;

    /// <summary>How many connections it holds.</summary>
    public abstract int Count { get; }

    public static IdleServer Create(string kind) => kind switch
    {
        AcceptedSocket => new SocketServer(handler: null),
        ReadingSocket => new SocketServer(EchoLeanlyAsync),
        BufferedSocket => new SocketServer(EchoFromBufferAsync),
        BareConnection => new NetKitAcceptServer(),
        LeanHandler => new NetKitServer(static (connection, _) => EchoLeanlyAsync(connection, CancellationToken.None)),
        TokenHandler => new NetKitServer(EchoLeanlyAsync),
        CopyHandler => new NetKitServer(static async (connection, stopping) => await connection.CopyToAsync(connection, stopping)),
        ReturnedCopyHandler => new NetKitServer(static (connection, stopping) => connection.CopyToAsync(connection, stopping)),
        Kestrel => new KestrelServer(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind of server."),
    };

    /// <summary>Starts to accept; returns the port.</summary>
    public abstract Task<int> StartAsync();

    private static async Task EchoLeanlyAsync(Connection connection, CancellationToken stopping)
    {
        while (true)
        {
            _ = await connection.ReadAsync(Memory<byte>.Empty, stopping);
            var buffer = ArrayPool<byte>.Shared.Rent(4096);
            var count = await connection.ReadAsync(buffer, stopping);
            if (count > 0)
            {
                await connection.WriteAsync(buffer.AsMemory(0, count), stopping);
            }

            ArrayPool<byte>.Shared.Return(buffer);
            if (count == 0)
            {
                return;
            }
        }
    }

    private static async Task EchoLeanlyAsync(SocketServer server, Socket socket)
    {
        while (true)
        {
            await socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);
            var buffer = ArrayPool<byte>.Shared.Rent(4096);
            var count = await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None);
            if (count > 0)
            {
                await socket.SendAsync(buffer.AsMemory(0, count), SocketFlags.None);
            }

            ArrayPool<byte>.Shared.Return(buffer);
            if (count == 0)
            {
                server.Close(socket);
                return;
            }
        }
    }

    private static async Task EchoFromBufferAsync(SocketServer server, Socket socket)
    {
        Memory<byte> buffer = new byte[4096];
        int count;
        while ((count = await socket.ReceiveAsync(buffer, SocketFlags.None)) > 0)
        {
            await socket.SendAsync(buffer[..count], SocketFlags.None);
        }

        server.Close(socket);
    }

    /// <summary>Accepts sockets by hand, and keeps them.</summary>
    private sealed class SocketServer(Func<SocketServer, Socket, Task>? handler) : IdleServer
    {
        private readonly Socket _listener = Loopback.Listen(backlog: 4096);
        private readonly HashSet<Socket> _sockets = new(MostConnections);

        public override int Count
        {
            get
            {
                lock (_sockets)
                {
                    return _sockets.Count;
                }
            }
        }

        public override Task<int> StartAsync()
        {
            _ = AcceptAsync();
            return Task.FromResult(((IPEndPoint)_listener.LocalEndPoint!).Port);
        }

        public void Close(Socket socket)
        {
            lock (_sockets)
            {
                _sockets.Remove(socket);
            }

            socket.Dispose();
        }

        private async Task AcceptAsync()
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                lock (_sockets)
                {
                    _sockets.Add(socket);
                }

                _ = handler?.Invoke(this, socket);
            }
        }
    }

    /// <summary>Accepts connections and keeps them.</summary>
    private sealed class NetKitAcceptServer : IdleServer
    {
        private readonly ConnectionListener _listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), new ListenerOptions { Backlog = 4096 });
        private readonly List<Connection> _connections = new(MostConnections);

        public override int Count
        {
            get
            {
                lock (_connections)
                {
                    return _connections.Count;
                }
            }
        }

        public override Task<int> StartAsync()
        {
            _ = AcceptAsync();
            return Task.FromResult(((IPEndPoint)_listener.LocalEndPoint).Port);
        }

        private async Task AcceptAsync()
        {
            await foreach (var connection in _listener.AcceptAllAsync())
            {
                lock (_connections)
                {
                    _connections.Add(connection);
                }
            }
        }
    }

    /// <summary>The server of the library.</summary>
    private sealed class NetKitServer : IdleServer
    {
        private readonly ConnectionListener _listener;
        private readonly ConnectionServer _server;

        public NetKitServer(Func<Connection, CancellationToken, Task> handler)
        {
            _listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), new ListenerOptions { Backlog = 4096 });
            _server = new ConnectionServer(_listener, handler);
        }

        public override int Count => _server.ActiveConnections;

        public override Task<int> StartAsync()
        {
            _ = _server.RunAsync(CancellationToken.None);
            return Task.FromResult(((IPEndPoint)_listener.LocalEndPoint).Port);
        }
    }
}
