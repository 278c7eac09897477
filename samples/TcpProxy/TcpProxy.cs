using System.Net;
using Microsoft.Extensions.Logging;

namespace NetKit.Samples;

/// <summary>A proxy that shares its clients out among backends, byte for byte.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly ConnectionServer _server;
    private readonly StatusServer? _status;
    private CancellationToken _stopping;

    private TcpProxy(ProxySettings settings, IReadOnlyList<ConnectionListener> listeners, ConnectionListener? statusListener, ILoggerFactory loggerFactory)
    {
        var logger = loggerFactory.CreateLogger("TcpProxy");
        Backends =
        [
            .. settings.Backends.Select(endPoint => new Backend(endPoint, new BackendHealth(settings.Backoff, TimeProvider.System, Random.Shared.NextDouble))),
        ];
        var dialer = new BackendDialer(
            new Dialer(new DialerOptions { ConnectTimeout = settings.ConnectTimeout }),
            new BackendPicker(Backends, settings.Policy),
            settings.ConnectTimeout,
            TimeProvider.System,
            logger);
        Clients = new Clients(dialer, settings.SendsProxyHeader, logger);
        EndPoints = [.. listeners.Select(static listener => listener.LocalEndPoint)];
        StatusEndPoint = statusListener?.LocalEndPoint;
        _status = statusListener is null ? null : new StatusServer(statusListener, this, loggerFactory);
        _server = new ConnectionServer(
            listeners,
            Clients.HandleAsync,
            new ConnectionServerOptions
            {
                MaxConnections = settings.MaxConnections,

                // Whatever goes one way or the other goes through the client's connection: so this is for both.
                IdleTimeout = settings.IdleTimeout,
                DrainTimeout = settings.DrainTimeout,
            },
            loggerFactory);
    }

    public IReadOnlyList<Backend> Backends { get; }

    public Clients Clients { get; }

    public IReadOnlyList<EndPoint> EndPoints { get; }

    public EndPoint? StatusEndPoint { get; }

    /// <summary>The clients that there are now.</summary>
    public int ActiveClients => _server.ActiveConnections;

    /// <summary>Whether it accepts no more, and waits for the clients that there are.</summary>
    public bool IsDraining => _stopping.IsCancellationRequested;

    /// <summary>Makes a proxy that listens. It begins to serve with <see cref="RunAsync"/>.</summary>
    public static async Task<TcpProxy> BindAsync(ProxySettings settings, ILoggerFactory loggerFactory)
    {
        List<ConnectionListener> listeners = [];
        try
        {
            foreach (var endPoint in settings.Listen.Concat(settings.Status is { } status ? [status] : []))
            {
                listeners.Add(ConnectionListener.Bind(endPoint, loggerFactory: loggerFactory));
            }
        }
        catch
        {
            foreach (var listener in listeners)
            {
                await listener.DisposeAsync();
            }

            throw;
        }

        return new TcpProxy(settings, listeners[..settings.Listen.Count], settings.Status is null ? null : listeners[^1], loggerFactory);
    }

    /// <summary>Serves until told to stop, then until all clients are done or the drain timeout is over.</summary>
    public async Task<DrainResult> RunAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        _status?.Start();
        return await _server.RunAsync(stopping);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        if (_status is not null)
        {
            // Last, so that one can watch the drain.
            await _status.DisposeAsync();
        }
    }
}
