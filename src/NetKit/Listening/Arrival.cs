using System.Net;

namespace NetKit;

/// <summary>A client that was accepted and is not a connection yet, so that turning it away costs no more than its socket.</summary>
internal readonly struct Arrival
{
    private readonly SocketAcceptor? _acceptor;
    private readonly AcceptedClient _client;
    private readonly Connection? _connection;

    public Arrival(SocketAcceptor acceptor, in AcceptedClient client)
    {
        _acceptor = acceptor;
        _client = client;
    }

    public Arrival(Connection connection) => _connection = connection;

    /// <summary>The client's IP address, of IPv4 also where it came in by IPv6; null where there is none, as with Unix sockets.</summary>
    public IPAddress? Address => _acceptor is null ? null : _client.Address;

    /// <summary>Makes the connection.</summary>
    public Connection Open() => _connection ?? _acceptor!.Open(_client);

    /// <summary>Turns the client away with a reset: an end would look like an answer.</summary>
    public void Refuse()
    {
        if (_connection is not null)
        {
            _connection.Abort();
        }
        else
        {
            _client.Refuse();
        }
    }
}
