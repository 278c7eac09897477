namespace NetKit;

/// <summary>A connection that somebody wants to know the time of. Apart, so that others hold nothing for it.</summary>
internal class TimedConnection(ConnectionServer server, Connection connection) : ServedConnection(server, connection)
{
    private readonly long _began = server.TimeProvider.GetTimestamp();

    public sealed override TimeSpan? Elapsed => Server.TimeProvider.GetElapsedTime(_began);
}
