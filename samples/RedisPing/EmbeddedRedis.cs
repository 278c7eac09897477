using System.Collections.Concurrent;
using System.Net;

namespace NetKit.Samples;

/// <summary>Runs a small Redis in this process, and cuts its connections on request.</summary>
internal sealed class EmbeddedRedis : IConnectionCutter, IAsyncDisposable
{
    private readonly MiniRedis _redis = new();
    private readonly ConcurrentDictionary<Connection, bool> _connections = new();
    private readonly ConnectionListener _listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly ConnectionServer _server;
    private readonly Task _running;

    public EmbeddedRedis()
    {
        _server = new ConnectionServer(_listener, HandleAsync);
        _running = _server.RunAsync(CancellationToken.None);
    }

    public EndPoint EndPoint => _listener.LocalEndPoint;

    public ValueTask<bool> CutOneAsync(CancellationToken cancellationToken)
    {
        if (_connections.Keys.ToArray() is not { Length: > 0 } connections)
        {
            return ValueTask.FromResult(false);
        }

        connections[Random.Shared.Next(connections.Length)].Abort();
        return ValueTask.FromResult(true);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _running;
        await _listener.DisposeAsync();
    }

    private async Task HandleAsync(Connection connection, CancellationToken stopping)
    {
        _connections.TryAdd(connection, true);
        try
        {
            await _redis.HandleAsync(connection, stopping);
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    }
}
