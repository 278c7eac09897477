namespace NetKit;

/// <summary>One connection and the handler that serves it, from the first call to the last cleaning up.</summary>
internal class ServedConnection : IThreadPoolWorkItem
{
    private readonly ConnectionServer _server;
    private readonly long _began;
    private Task? _handling;

    public ServedConnection(ConnectionServer server, Connection connection)
    {
        _server = server;
        _began = server.TimeProvider.GetTimestamp();
        Connection = connection;
    }

    /// <summary>How long it has been served.</summary>
    public TimeSpan Elapsed => _server.TimeProvider.GetElapsedTime(_began);

    public Connection Connection { get; }

    // The ring that ServedConnections keeps, and guards.
    public ServedConnection? Next { get; set; }

    public ServedConnection? Previous { get; set; }

    /// <summary>Runs the handler. No async method: while the connection is idle, that would hold one more object.</summary>
    public void Execute()
    {
        try
        {
            _handling = _server.Handler(Connection, _server.Stopping);
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
        var outcome = _server.OutcomeOf(Connection, failure);
        try
        {
            if (failure is not null)
            {
                _server.LogEnd(Connection, failure, outcome);
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
            _server.OnEnded(this, outcome);
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
