using System.Net;

namespace NetKit;

/// <summary>Tells instruments and traces of what a server's connections go through. A start and its stop carry the same id.</summary>
internal static class ConnectionReport
{
    // Of a connection that began before anybody listened.
    private const double UnknownTime = -1;

    /// <summary>Whether anybody wants to know how long a connection that begins now will last.</summary>
    public static bool WantsTime => NetKitMetrics.MeasuresConnections || NetKitEventSource.Traces(NetKitEventSource.Keywords.Connections);

    /// <summary>Says that the handler of a connection begins.</summary>
    public static void Began(Connection connection)
    {
        NetKitMetrics.ConnectionBegan();
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Connections))
        {
            NetKitEventSource.Log.ConnectionStart(connection.Id, Format(connection.LocalEndPoint), Format(connection.RemoteEndPoint));
        }
    }

    /// <summary>Says that a connection is closed, and its handler through.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="elapsed">How long it lasted; null where nobody wanted to know when it began.</param>
    /// <param name="outcome">How it ended.</param>
    public static void Ended(Connection connection, TimeSpan? elapsed, string outcome)
    {
        NetKitMetrics.ConnectionEnded(elapsed?.TotalSeconds, outcome);
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Connections))
        {
            NetKitEventSource.Log.ConnectionStop(connection.Id, outcome, elapsed?.TotalSeconds ?? UnknownTime);
        }
    }

    /// <summary>Says that a connection that was accepted has something to do before it gets a handler.</summary>
    public static void HandshakeBegan(Connection connection)
    {
        NetKitMetrics.HandshakeBegan();
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Handshakes))
        {
            NetKitEventSource.Log.HandshakeStart(connection.Id, Format(connection.LocalEndPoint), Format(connection.RemoteEndPoint));
        }
    }

    /// <summary>Says that a connection, the one that was accepted, is through with that, or closed.</summary>
    public static void HandshakeEnded(Connection connection, TimeSpan elapsed, string outcome)
    {
        NetKitMetrics.HandshakeEnded(elapsed.TotalSeconds, outcome);
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Handshakes))
        {
            NetKitEventSource.Log.HandshakeStop(connection.Id, outcome, elapsed.TotalSeconds);
        }
    }

    private static string? Format(EndPoint? endPoint) => endPoint is null ? null : ErrorSentence.Format(endPoint);
}
