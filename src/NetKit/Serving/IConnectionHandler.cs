namespace NetKit;

/// <summary>Serves connections, one call each. A class for what <see cref="ConnectionServer"/> takes as a delegate: its method fits there.</summary>
/// <remarks>One handler may serve all connections of a server, many at once; what belongs to one of them belongs in variables of the method.</remarks>
public interface IConnectionHandler
{
    /// <summary>Serves one connection, until it returns; then the connection is closed politely. What it throws is logged, and closes only this one.</summary>
    /// <param name="connection">The connection. The server's to dispose of.</param>
    /// <param name="stopping">
    /// Is cancelled when the server stops: finish what is begun and return, for after
    /// <see cref="ConnectionServerOptions.DrainTimeout"/> the connection is reset.
    /// </param>
    Task HandleAsync(Connection connection, CancellationToken stopping);
}
