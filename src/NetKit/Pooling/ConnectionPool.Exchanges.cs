using System.Runtime.CompilerServices;

namespace NetKit;

// Leases that end by themselves.
public sealed partial class ConnectionPool
{
    /// <summary>Acquires a connection, runs an exchange on it, and returns it; or closes it, if the exchange fails in any way.</summary>
    /// <param name="exchange">
    /// Uses the connection, and ends when nothing of the exchange is under way or left to read. If it throws, also because its token was cancelled
    /// or a deadline passed, the connection is closed, for nobody knows what is still to come on it.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for a connection; and is handed to the exchange.</param>
    /// <returns>What the exchange returned.</returns>
    /// <exception cref="PoolExhaustedException">No connection came in time, or too many callers wait already.</exception>
    /// <exception cref="ConnectionException">The endpoint is down, or the pool was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled while the caller waited.</exception>
    public ValueTask<TResult> UseAsync<TResult>(
        Func<Connection, CancellationToken, ValueTask<TResult>> exchange, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        return UseCoreAsync(exchange, cancellationToken);
    }

    /// <summary>Acquires a connection, runs an exchange on it, and returns it; or closes it, if the exchange fails in any way.</summary>
    /// <param name="exchange">As in the overload with a result.</param>
    /// <param name="cancellationToken">Ends the wait for a connection; and is handed to the exchange.</param>
    /// <exception cref="PoolExhaustedException">No connection came in time, or too many callers wait already.</exception>
    /// <exception cref="ConnectionException">The endpoint is down, or the pool was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled while the caller waited.</exception>
    public ValueTask UseAsync(Func<Connection, CancellationToken, ValueTask> exchange, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        return UseCoreAsync(exchange, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> UseCoreAsync<TResult>(
        Func<Connection, CancellationToken, ValueTask<TResult>> exchange, CancellationToken cancellationToken)
    {
        var lease = await AcquireAsync(cancellationToken).ConfigureAwait(false);
        TResult result;
        try
        {
            result = await exchange(lease.Connection, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            lease.Abandon();
            throw;
        }

        lease.Return();
        return result;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask UseCoreAsync(Func<Connection, CancellationToken, ValueTask> exchange, CancellationToken cancellationToken)
    {
        var lease = await AcquireAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await exchange(lease.Connection, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            lease.Abandon();
            throw;
        }

        lease.Return();
    }
}
