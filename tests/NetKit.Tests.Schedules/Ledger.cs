using System.Net;

namespace NetKit.Tests.Schedules;

/// <summary>Dials in memory and keeps the books: how many connections are open, who has each, and that each is closed.</summary>
internal sealed class Ledger(int limit) : IDialer
{
    private readonly Dictionary<Connection, Connection> _open = []; // the pool's end to the server's
    private readonly HashSet<Connection> _inUse = [];
    private readonly Dictionary<Connection, int> _numbers = [];

    public static EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 7);

    public int Dials { get; private set; }

    /// <summary>The dials, by their number from 1, that fail.</summary>
    public Func<int, bool> Fails { get; set; } = static _ => false;

    /// <summary>How many connections the pool has not closed.</summary>
    public int Open => _open.Values.Count(static server => server.CheckIdle(ask: true) is not (IdleState.Ended or IdleState.Closed));

    public ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        var number = ++Dials;
        Schedule.Point();
        cancellationToken.ThrowIfCancellationRequested();
        if (Fails(number))
        {
            throw new ConnectionException(ConnectionError.Refused, "dial", remoteEndPoint: endPoint);
        }

        var (client, server) = Connection.CreatePair();
        _open.Add(client, server);
        _numbers.Add(client, number);
        if (Open > limit)
        {
            // Thrown here it would be one more dial that failed.
            Schedule.Fail($"{Open} connections are open, {limit} are allowed");
        }

        Schedule.Point();
        return new ValueTask<Connection>(client);
    }

    /// <summary>Somebody got the connection.</summary>
    public void Take(Connection connection)
    {
        if (!_inUse.Add(connection))
        {
            throw new ScheduleViolationException("a connection is in two hands");
        }

        if (connection.CheckIdle(ask: true) is IdleState.Ended or IdleState.Closed)
        {
            throw new ScheduleViolationException("a connection was handed out that is closed");
        }
    }

    /// <summary>Which dial brought the connection.</summary>
    public int NumberOf(Connection connection) => _numbers[connection];

    /// <summary>Somebody is about to give the connection back.</summary>
    public void Give(Connection connection) => _inUse.Remove(connection);

    /// <summary>The peer sends a byte that nobody asked for.</summary>
    public void Disturb(Connection connection) => _ = _open[connection].WriteAsync(new byte[1]).AsTask();

    /// <summary>The peer ends the connection.</summary>
    public void End(Connection connection) => _open[connection].Abort();
}
