using System.Collections.Concurrent;

namespace NetKit.Tests.Samples;

/// <summary>Backends for transfers, which are killed at random while they send: some only reset whom they serve, others are gone for a moment too.</summary>
internal sealed class BackendKiller : IAsyncDisposable
{
    private readonly Lock _gate = new(); // guards _random, _kills and _restarts
    private readonly Random _random = new(1);
    private readonly List<Task> _restarts = [];
    private readonly ConcurrentQueue<Exception> _failures = [];
    private readonly BackendSet _backends;
    private readonly int _chunksBetween;
    private readonly int _mostKills;
    private int _chunks;
    private int _kills;
    private int _completed;

    /// <summary>Starts backends.</summary>
    /// <param name="backends">How many.</param>
    /// <param name="chunksBetween">How many chunks all of them together send from one kill to the next.</param>
    /// <param name="mostKills">After so many they live on, so that the test comes to its end.</param>
    public BackendKiller(int backends, int chunksBetween, int mostKills)
    {
        (_chunksBetween, _mostKills) = (chunksBetween, mostKills);
        _backends = new BackendSet(backends, (connection, _) => ServeAsync(connection));
    }

    public BackendSet Backends => _backends;

    public int Kills => Volatile.Read(ref _kills);

    /// <summary>How many transfers ended well here, whatever then became of their clients.</summary>
    public int Completed => Volatile.Read(ref _completed);

    /// <summary>How transfers ended here that did not end well.</summary>
    public IReadOnlyCollection<Exception> Failures => _failures;

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_restarts).Within();
        await _backends.DisposeAsync();
    }

    private async Task ServeAsync(Connection connection)
    {
        try
        {
            await Transfer.ServeAsync(connection, OnChunk);
            Interlocked.Increment(ref _completed);
        }
        catch (Exception failure)
        {
            _failures.Enqueue(failure);
            throw;
        }
    }

    private void OnChunk()
    {
        if (Interlocked.Increment(ref _chunks) % _chunksBetween != 0)
        {
            return;
        }

        lock (_gate)
        {
            if (_kills == _mostKills)
            {
                return;
            }

            _kills++;
            var victim = _backends[_random.Next(_backends.Count())];
            if (_random.Next(2) == 0)
            {
                victim.ResetAll();
            }
            else
            {
                // Not from here: it waits for its connections to end, and this is one of them.
                _restarts.Add(Task.Run(() => RestartAsync(victim)));
            }
        }
    }

    private static async Task RestartAsync(ProxyBackend backend)
    {
        if (await backend.StopAsync())
        {
            backend.Start();
        }
    }
}
