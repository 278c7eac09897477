using System.Collections.Concurrent;
using System.Net;

namespace NetKit.Tests.Samples;

/// <summary>A server behind the proxy, which can be stopped, started again at the same port, and made to reset whom it serves.</summary>
internal sealed class ProxyBackend(Func<Connection, CancellationToken, Task> handler, ConnectionServerOptions? options = null) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Connection, bool> _connections = [];
    private RunningServer? _server;
    private int _served;

    /// <summary>Of a port that no client can get, so that it stays free while the backend is down.</summary>
    public IPEndPoint EndPoint { get; } = new(IPAddress.Loopback, ServerProcess.FreePort(Random.Shared));

    /// <summary>How many it has served, those being served included.</summary>
    public int Served => Volatile.Read(ref _served);

    public int Active => _connections.Count;

    public static ProxyBackend Echo() => new(RunningServer.EchoAsync);

    public ProxyBackend Started()
    {
        Start();
        return this;
    }

    public void Start() => _server = RunningServer.On([ConnectionListener.Bind(EndPoint)], ServeAsync, options);

    /// <summary>Closes the port, and resets whoever is served. False when it is down already.</summary>
    public async Task<bool> StopAsync()
    {
        if (Interlocked.Exchange(ref _server, null) is not { } server)
        {
            return false;
        }

        server.BeginStop();
        ResetAll();
        await server.DisposeAsync();
        return true;
    }

    public void ResetAll()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Abort();
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task ServeAsync(Connection connection, CancellationToken stopping)
    {
        Interlocked.Increment(ref _served);
        _connections[connection] = true;
        try
        {
            await handler(connection, stopping);
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    }
}
