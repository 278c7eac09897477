using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Remembers a socket's endpoints, because a closed socket does not tell and exceptions name them all the same.</summary>
internal struct SocketEndPoints
{
    private readonly Socket? _socket;
    private EndPoint? _local;
    private EndPoint? _remote;

    public SocketEndPoints(Socket? socket) => _socket = socket;

    public EndPoint? Local => _local ??= Ask(static socket => socket.LocalEndPoint);

    public EndPoint? Remote => _remote ??= Ask(static socket => socket.RemoteEndPoint);

    /// <summary>Asks for both, before the socket is closed.</summary>
    public void Remember()
    {
        _ = Local;
        _ = Remote;
    }

    private readonly EndPoint? Ask(Func<Socket, EndPoint?> question)
    {
        try
        {
            return _socket is null ? null : question(_socket);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
