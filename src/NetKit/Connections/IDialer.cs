using System.Net;

namespace NetKit;

/// <summary>Opens connections to endpoints. One method, so that everything else decorates it.</summary>
public interface IDialer
{
    /// <summary>Opens a connection.</summary>
    /// <param name="endPoint">Where to.</param>
    /// <param name="cancellationToken">Ends the attempt; then no connection is left open.</param>
    /// <returns>The connection, owned by the caller.</returns>
    /// <exception cref="ConnectionException">The connection could not be opened.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken = default);
}
