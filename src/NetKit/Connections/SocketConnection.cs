using System.Net.Sockets;

namespace NetKit;

/// <summary>Makes connections of sockets, on the engine that the options and the system call for.</summary>
/// <remarks>
/// The seam between the engines is <see cref="ReadinessConnection"/>: <see cref="PolledConnection"/> waits on a loop of
/// <see cref="NetPoller"/>, <see cref="PortableConnection"/> lets System.Net.Sockets wait.
/// </remarks>
internal static class SocketConnection
{
    // How much unread data a close discards, so that the peer sees an end and not a reset. More than this is a flood.
    public const int MostDiscarded = 1024 * 1024;

    /// <summary>Makes a connection of any connected socket, and sets its options.</summary>
    public static ReadinessConnection Create(Socket socket, SocketOptions options, TimeProvider? timeProvider)
    {
        if (socket.SocketType != SocketType.Stream || !socket.Connected)
        {
            throw new ArgumentException(
                $"A connection needs a connected stream socket; this one is {(socket.Connected ? "connected" : "not connected")}, of type {socket.SocketType}.",
                nameof(socket));
        }

        var validated = options.Validated();
        validated.Apply(socket);
        return Adopt(socket, validated.Engine, timeProvider);
    }

    /// <summary>Makes a connection of a connected socket whose options are set.</summary>
    public static ReadinessConnection Adopt(Socket socket, SocketEngine engine, TimeProvider? timeProvider)
    {
        socket.Blocking = false;
        ReadinessConnection connection = SocketEngines.IsPolled(engine)
            ? PolledConnection.FromSocket(socket, NetPoller.LoopForCaller(), timeProvider)
            : new PortableConnection(socket, timeProvider);

        // Asked while the system still tells: after a reset it does not, and then the address is wanted most.
        _ = connection.RemoteEndPoint;
        return connection;
    }
}
