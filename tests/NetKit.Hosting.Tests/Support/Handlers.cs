namespace NetKit.Tests.Hosting;

/// <summary>Sends back what comes.</summary>
internal sealed class EchoHandler : IConnectionHandler
{
    public Task HandleAsync(Connection connection, CancellationToken stopping) => connection.CopyToAsync(connection, stopping);
}

/// <summary>Echoes, and does not care that the server stops.</summary>
internal sealed class StubbornHandler : IConnectionHandler
{
    public Task HandleAsync(Connection connection, CancellationToken stopping) => connection.CopyToAsync(connection, CancellationToken.None);
}

/// <summary>Writes down which of its kind serve, and which are gone.</summary>
internal sealed class CountingHandler(CountingHandler.Books books) : IConnectionHandler, IAsyncDisposable
{
    public async Task HandleAsync(Connection connection, CancellationToken stopping)
    {
        lock (books.Served)
        {
            books.Served.Add(this);
        }

        await connection.CopyToAsync(connection, stopping);
    }

    public ValueTask DisposeAsync()
    {
        Interlocked.Increment(ref books.Disposed);
        return default;
    }

    internal sealed class Books
    {
        public int Disposed;

        public HashSet<CountingHandler> Served { get; } = [];
    }
}
