using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace NetKit;

/// <summary>Runs a <see cref="ConnectionServer"/> with its application: it binds when the application starts, and drains when it stops.</summary>
/// <remarks>
/// <para>Added by <c>AddConnectionServer</c>; found among the services by its name, or all of them as <c>IEnumerable&lt;HostedConnectionServer&gt;</c>.</para>
/// <para>An endpoint that cannot be bound fails the start of the application. When the application stops, by SIGTERM among others, handlers have
/// <see cref="ConnectionServerOptions.DrainTimeout"/> to end, or what the host's own time for stopping leaves, if that is less; then what is left is
/// reset. A server that ends by itself, because all its listeners were closed, stops the application, whose stop then fails.</para>
/// <para>Members may be called from any thread.</para>
/// </remarks>
public sealed class HostedConnectionServer : IHostedService, IAsyncDisposable
{
    private readonly Func<HostedServerOptions> _options;
    private readonly Func<Connection, CancellationToken, Task> _handler;
    private readonly IHostApplicationLifetime? _lifetime;
    private readonly ILoggerFactory? _loggerFactory;
    private readonly TimeProvider? _timeProvider;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _hurry = new();
    private volatile ConnectionServer? _server;
    private ConnectionServerOptions _serverOptions = ConnectionServerOptions.Default;
    private Task _running = Task.CompletedTask;
    private bool _isLost; // written before _running ends

    internal HostedConnectionServer(
        string name,
        IOptionsMonitor<HostedServerOptions> options,
        Func<Connection, CancellationToken, Task> handler,
        IHostApplicationLifetime? lifetime,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider)
    {
        Name = name;
        _options = () => options.Get(name);
        _handler = handler;
        _lifetime = lifetime;
        _loggerFactory = loggerFactory;
        _timeProvider = timeProvider;
        _logger = GuardedLogger.Create<HostedConnectionServer>(loggerFactory);
    }

    /// <summary>The name by which it was added.</summary>
    public string Name { get; }

    /// <summary>Names where clients find the server, with the real ports; empty until it has started.</summary>
    public IReadOnlyList<EndPoint> LocalEndPoints { get; private set; } = [];

    /// <summary>Counts the connections whose handlers have not ended; 0 until it has started.</summary>
    public int ActiveConnections => _server?.ActiveConnections ?? 0;

    /// <summary>Whether clients can come in.</summary>
    internal bool IsAccepting => _server is { IsAccepting: true };

    /// <summary>How many connections it may have at most; null for no limit.</summary>
    internal int? MaxConnections => _serverOptions.MaxConnections;

    internal IReadOnlyList<ConnectionListener> Listeners { get; private set; } = [];

    /// <summary>Is called by the host.</summary>
    async Task IHostedService.StartAsync(CancellationToken cancellationToken)
    {
        if (_server is not null || _stop.IsCancellationRequested)
        {
            throw new InvalidOperationException($"The server {Name} starts once; it was {(_stop.IsCancellationRequested ? "stopped" : "started")} before.");
        }

        var options = _options();
        _serverOptions = ServerTlsSetting.Apply(options, Name, _loggerFactory, _timeProvider);
        var listeners = await Binding.BindAsync(options, Name, _loggerFactory, _timeProvider, cancellationToken).ConfigureAwait(false);
        try
        {
            _server = new ConnectionServer(listeners, _handler, _serverOptions, _loggerFactory);
        }
        catch (Exception exception)
        {
            await Binding.CloseAsync(listeners).ConfigureAwait(false);
            if (exception is ArgumentException)
            {
                throw new ArgumentException($"{Name}: {OptionsCheck.InOneLine(exception)}", exception);
            }

            throw;
        }

        Listeners = listeners;
        LocalEndPoints = [.. listeners.Select(static listener => listener.LocalEndPoint)];
        _running = RunAsync(_server);
    }

    /// <summary>Is called by the host.</summary>
    async Task IHostedService.StopAsync(CancellationToken cancellationToken)
    {
        await using (cancellationToken.UnsafeRegister(static hurry => ((CancellationTokenSource)hurry!).Cancel(), _hurry).ConfigureAwait(false))
        {
            await DrainAsync().ConfigureAwait(false);
        }

        if (_isLost)
        {
            throw new ConnectionException(
                ConnectionError.Closed, "serve", LocalEndPoints[0], detail: $"the server {Name} had ended by itself before the application stopped");
        }
    }

    /// <summary>Stops the server without waiting for its handlers, where the host has not stopped it before. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        await _hurry.CancelAsync().ConfigureAwait(false);
        await DrainAsync().ConfigureAwait(false);
    }

    private async Task DrainAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    private async Task RunAsync(ConnectionServer server)
    {
        await server.RunHostedAsync(_stop.Token, _hurry.Token).ConfigureAwait(false);
        if (!_stop.IsCancellationRequested)
        {
            _isLost = true;
            Log.ServerLost(_logger, Name);
            _lifetime?.StopApplication();
        }
    }
}
