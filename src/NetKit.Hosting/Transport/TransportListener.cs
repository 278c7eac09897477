using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Accepts connections for Kestrel through every trouble but its own end.</summary>
internal sealed class TransportListener : IConnectionListener
{
    private readonly ConnectionListener _listener;
    private readonly MemoryPool<byte> _pool;
    private readonly ILogger _logger;

    public TransportListener(ConnectionListener listener, MemoryPool<byte> pool, ILoggerFactory loggerFactory)
    {
        _listener = listener;
        _pool = pool;
        _logger = GuardedLogger.Create<TransportListener>(loggerFactory);
    }

    public EndPoint EndPoint => _listener.LocalEndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _listener.AcceptSteadilyAsync(cancellationToken).ConfigureAwait(false) is { } arrival)
        {
            if (_listener.TryOpen(arrival) is { } connection)
            {
                return new TransportConnection(connection, _listener, _pool, _logger);
            }
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => _listener.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync().ConfigureAwait(false);

        // Kestrel does so when its connections have ended. The shared pool takes no notice.
        _pool.Dispose();
    }
}
