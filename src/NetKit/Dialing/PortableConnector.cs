using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Connects with System.Net.Sockets.</summary>
internal sealed class PortableConnector : Connector
{
    private readonly DialerOptions _options;
    private readonly TimeProvider? _timeProvider;

    public PortableConnector(DialerOptions options, TimeProvider? timeProvider)
        : base(timeProvider)
    {
        _options = options;
        _timeProvider = timeProvider;
    }

    protected override async ValueTask<Connection> ConnectSocketAsync(EndPoint address, CancellationToken stop)
    {
        var socket = DialSocket.Open(address, _options);
        try
        {
            await socket.ConnectAsync(address, stop).ConfigureAwait(false);
            if (IsConnectedToItself(socket, address))
            {
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            var connection = SocketConnection.Adopt(socket, _options.Socket.Engine, _timeProvider);
            connection.RunsContinuationsAsynchronously = _options.RunContinuationsAsynchronously;
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // The system picked the very port, at which nobody listens, for this side. The socket is not asked for its peer: of one that has
    // reset the connection already it does not tell, and that would be the dial's failure.
    private static bool IsConnectedToItself(Socket socket, EndPoint address) =>
        address is IPEndPoint && address.Equals(socket.LocalEndPoint);
}
