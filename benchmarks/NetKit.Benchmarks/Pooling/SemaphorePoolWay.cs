using System.Collections.Concurrent;

namespace NetKit.Benchmarks;

/// <summary>A semaphore and a queue. Looks at no connection, keeps no order among those that wait but the semaphore's, dials nothing again.</summary>
internal sealed class SemaphorePoolWay(int size) : PoolWay<Connection>
{
    private readonly SemaphoreSlim _free = new(size);
    private readonly ConcurrentQueue<Connection> _idle = new();

    public override Task OpenAsync()
    {
        for (var count = 0; count < size; count++)
        {
            _idle.Enqueue(Connection.CreatePair().First);
        }

        return Task.CompletedTask;
    }

    public override ValueTask<Connection> AcquireAsync(CancellationToken cancellationToken)
    {
        var free = _free.WaitAsync(cancellationToken);
        return free.IsCompletedSuccessfully ? new ValueTask<Connection>(Take()) : WaitAsync(free);
    }

    /// <summary>Waits for so long at most; whether there is a connection then, which stays here.</summary>
    public Task<bool> WaitAsync(TimeSpan timeout) => _free.WaitAsync(timeout);

    public override void Return(Connection lease)
    {
        _idle.Enqueue(lease);
        _free.Release();
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var connection in _idle)
        {
            await connection.DisposeAsync();
        }

        _free.Dispose();
    }

    private async ValueTask<Connection> WaitAsync(Task free)
    {
        await free.ConfigureAwait(false);
        return Take();
    }

    private Connection Take() => _idle.TryDequeue(out var connection) ? connection : throw new InvalidOperationException("The semaphore lets in too many.");
}
