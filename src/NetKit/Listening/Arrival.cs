using System.Net.Sockets;

namespace NetKit;

/// <summary>A client that was accepted and is not a connection yet, so that turning it away costs no more than its socket.</summary>
internal readonly struct Arrival
{
    private readonly Socket? _socket;
    private readonly SocketOptions? _options;
    private readonly TimeProvider? _timeProvider;
    private readonly Connection? _connection;

    public Arrival(Socket socket, SocketOptions options, TimeProvider? timeProvider)
    {
        _socket = socket;
        _options = options;
        _timeProvider = timeProvider;
    }

    public Arrival(Connection connection) => _connection = connection;

    /// <summary>Makes the connection.</summary>
    public Connection Open()
    {
        if (_connection is not null)
        {
            return _connection;
        }

        try
        {
            _options!.ApplyToAccepted(_socket!);
            return SocketConnection.FromAccepted(_socket!, _timeProvider);
        }
        catch
        {
            Refuse();
            throw;
        }
    }

    /// <summary>Turns the client away with a reset: an end would look like an answer.</summary>
    public void Refuse()
    {
        _connection?.Abort();
        _socket?.Close(timeout: 0);
    }
}
