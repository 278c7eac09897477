namespace NetKit;

/// <summary>One connection and the handler that serves it, from the first call to the last cleaning up.</summary>
internal class ServedConnection : IThreadPoolWorkItem
{
    private Task? _handling;

    public ServedConnection(ConnectionServer server, Connection connection)
    {
        Server = server;
        Connection = connection;
    }

    /// <summary>How long it has been served; null where nobody wanted to know when it began.</summary>
    public virtual TimeSpan? Elapsed => null;

    public Connection Connection { get; }

    protected ConnectionServer Server { get; }

    // The ring that ServedConnections keeps, and guards.
    public ServedConnection? Next { get; set; }

    public ServedConnection? Previous { get; set; }

    /// <summary>Runs the handler. No async method: while the connection is idle, that would hold one more object.</summary>
    public void Execute()
    {
        try
        {
            _handling = Server.Handler(Connection, Server.Stopping);
        }
        catch (Exception exception)
        {
            _handling = Task.FromException(exception);
        }

        if (_handling is null or { IsCompleted: true })
        {
            OnHandled();
        }
        else
        {
            _handling.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(OnHandled);
        }
    }

    private void OnHandled()
    {
        var failure = FailureOf(_handling);
        var outcome = Server.OutcomeOf(Connection, failure);
        try
        {
            if (failure is not null)
            {
                Server.LogEnd(Connection, failure, outcome);
            }
        }
        catch (Exception)
        {
            // An exception that cannot even be described. The connection ends all the same.
        }

        // Owned by the server, which counts this connection until it has ended.
        _ = CloseAsync(outcome);
    }

    private async Task CloseAsync(string outcome)
    {
        try
        {
            await Connection.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            Server.OnEnded(this, outcome);
        }
    }

    private static Exception? FailureOf(Task? handling) => handling switch
    {
        null => new InvalidOperationException("The handler returned null instead of a task."),
        { IsFaulted: true } => handling.Exception!.InnerException,
        { IsCanceled: true } => new TaskCanceledException(handling),
        _ => null,
    };
}
