namespace NetKit.Tests;

/// <summary>Two connections that are each other's peer, and the loops that a test runs beside itself.</summary>
public sealed class ConnectedPair(Connection first, Connection second) : IAsyncDisposable
{
    private readonly List<Task> _loops = [];

    public Connection First { get; } = first;

    public Connection Second { get; } = second;

    public void Deconstruct(out Connection first, out Connection second) => (first, second) = (First, Second);

    /// <summary>Leaves a loop running until the pair is disposed. It may end with a failed connection, and with nothing else.</summary>
    public void Run(Task loop) => _loops.Add(loop);

    public async ValueTask DisposeAsync()
    {
        First.Abort();
        Second.Abort();
        await First.DisposeAsync();
        await Second.DisposeAsync();
        foreach (var loop in _loops)
        {
            await loop.IgnoringFailedConnection();
        }
    }
}
