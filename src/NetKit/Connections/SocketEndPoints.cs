using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Remembers a socket's endpoints, because a closed socket does not tell and exceptions name them all the same.</summary>
internal struct SocketEndPoints
{
    private EndPoint? _local;
    private EndPoint? _remote;

    public EndPoint? Local(Socket? socket) => _local ??= Ask(socket, static open => open.LocalEndPoint);

    public EndPoint? Remote(Socket? socket) => ProxiedEndPoint.Shown(_remote ??= Ask(socket, static open => open.RemoteEndPoint));

    public readonly ProxiedEndPoint? Proxied => _remote as ProxiedEndPoint;

    /// <summary>Remembers the endpoints that a proxy named.</summary>
    public void ShowAs(ProxyHeader header, Socket socket)
    {
        _local = header.Destination ?? Local(socket);
        _remote = new ProxiedEndPoint(header, Remote(socket));
    }

    /// <summary>Asks for both, before the socket is closed.</summary>
    public void Remember(Socket? socket)
    {
        _ = Local(socket);
        _ = Remote(socket);
    }

    private static EndPoint? Ask(Socket? socket, Func<Socket, EndPoint?> question)
    {
        try
        {
            return socket is null ? null : question(socket);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
