using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Serves connections: accepts them, runs a handler for each, and closes each on every path.</summary>
/// <remarks>
/// <para>A handler is plain sequential code that owns its connection until it returns. If it throws, its connection is
/// closed and the failure logged; nothing else happens. The accept loop survives handlers, loggers, clients that vanish, and
/// a process that runs out of descriptors.</para>
/// <para>Members may be called from any thread.</para>
/// </remarks>
public sealed class ConnectionServer : IAsyncDisposable
{
    private const int New = 0;
    private const int Run = 1;
    private const int Disposed = 2;

    // How long handlers whose connections were reset have to notice it, before the server stops waiting for them.
    private static readonly TimeSpan s_noticeTime = TimeSpan.FromSeconds(1);

    private readonly ConnectionListener _listener;
    private readonly ConnectionServerOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim? _slots;
    private readonly Prefaces? _prefaces;
    private readonly ServedConnections _connections = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _phase;
    private int _told;

    /// <summary>Makes a server. It begins to serve with <see cref="RunAsync"/>.</summary>
    /// <param name="listener">Where clients come in. The server closes it when it stops.</param>
    /// <param name="handler">
    /// Serves one connection, until it returns; then the connection is closed politely. The token is cancelled when the server
    /// stops: end soon, for after <see cref="ConnectionServerOptions.DrainTimeout"/> the connection is reset.
    /// Called, and continued after each read and write, on an event loop of the listener's engine or in the thread pool.
    /// </param>
    /// <param name="options">The limits. Default (null): the defaults of <see cref="ConnectionServerOptions"/>.</param>
    /// <param name="loggerFactory">Where failures are logged. Default (null): nowhere.</param>
    /// <exception cref="ArgumentException">The options of TLS have no certificate, or there are two kinds of them.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it and its value.</exception>
    public ConnectionServer(
        ConnectionListener listener,
        Func<Connection, CancellationToken, Task> handler,
        ConnectionServerOptions? options = null,
        ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(listener);
        ArgumentNullException.ThrowIfNull(handler);
        _listener = listener;
        Handler = handler;
        _options = (options ?? ConnectionServerOptions.Default).Validated();
        _logger = GuardedLogger.Create<ConnectionServer>(loggerFactory);
        _timeProvider = listener.TimeProvider ?? TimeProvider.System;
        _slots = _options is { MaxConnections: { } limit, LimitMode: ConnectionLimitMode.Wait } ? new SemaphoreSlim(limit) : null;
        Stopping = _stop.Token;
        _prefaces = Prefaces.Create(this, _options, _logger, _timeProvider);
    }

    /// <summary>Counts the connections whose handlers have not ended. One that is in its handshake does not count yet.</summary>
    public int ActiveConnections => _connections.Count;

    internal Func<Connection, CancellationToken, Task> Handler { get; }

    internal CancellationToken Stopping { get; }

    /// <summary>What is between its accept and its handler; null when nothing ever is.</summary>
    internal Prefaces? Prefaces => _prefaces;

    private string Where => ErrorSentence.Format(_listener.LocalEndPoint);

    /// <summary>Serves until told to stop, then drains.</summary>
    /// <param name="stopping">
    /// Stops the server: the listener is closed, handlers are told by their token, and those that have not ended after
    /// <see cref="ConnectionServerOptions.DrainTimeout"/> get their connections reset.
    /// </param>
    /// <returns>Once drained: how many connections ended by themselves and how many were reset. Also when the listener was closed by somebody else.</returns>
    /// <exception cref="InvalidOperationException">The server was run before, or disposed.</exception>
    public Task<DrainResult> RunAsync(CancellationToken stopping)
    {
        if (Interlocked.CompareExchange(ref _phase, Run, New) is not New and var before)
        {
            throw new InvalidOperationException($"A server runs once; it was {(before == Run ? "run" : "disposed")} before.");
        }

        return RunCoreAsync(stopping);
    }

    /// <summary>Stops the server as <see cref="RunAsync"/>'s token does, and waits until it has drained. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        var before = Interlocked.CompareExchange(ref _phase, Disposed, New);
        await StopAsync().ConfigureAwait(false);
        if (before == Run)
        {
            await _drained.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Is called once for each connection, when its handler has ended and it is closed.</summary>
    internal void OnEnded(ServedConnection served)
    {
        _connections.Remove(served);
        NetKitMetrics.ConnectionEnded();
        FreeSlot();
    }

    /// <summary>Is called once for each connection that has been closed, whether it got a handler or not.</summary>
    internal void FreeSlot()
    {
        _slots?.Release();
        _listener.OnConnectionClosed();
    }

    /// <summary>Logs why a handler ended, unless it simply returned.</summary>
    internal void LogEnd(Connection connection, Exception exception)
    {
        // A peer that hangs up, or a handler that obeys its token, is the ordinary end of a connection.
        if (IsOf(connection, exception) || (exception is OperationCanceledException && Stopping.IsCancellationRequested))
        {
            if (_logger.IsEnabled(LogLevel.Debug))
            {
                Log.ConnectionEnded(_logger, connection.ToString(), exception.Message);
            }
        }
        else
        {
            Log.HandlerFailed(_logger, connection.ToString(), exception);
        }
    }

    // A handler may have other connections, to servers of its own. What fails there is its failure.
    private static bool IsOf(Connection connection, Exception exception) =>
        exception is ConnectionException failure
        && Equals(failure.LocalEndPoint, connection.LocalEndPoint)
        && Equals(failure.RemoteEndPoint, connection.RemoteEndPoint);

    private async Task<DrainResult> RunCoreAsync(CancellationToken stopping)
    {
        Log.Serving(_logger, Where);
        try
        {
            await using (stopping.UnsafeRegister(static state => _ = ((ConnectionServer)state!).StopAsync(), this).ConfigureAwait(false))
            {
                await AcceptAsync().ConfigureAwait(false);
                return await DrainAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _drained.SetResult();
        }
    }

    private async Task AcceptAsync()
    {
        // Off the caller's thread and context; and no handler ever runs on the accept loop.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (await TryTakeSlotAsync().ConfigureAwait(false)
            && await _listener.AcceptSteadilyAsync(CancellationToken.None).ConfigureAwait(false) is { } arrival)
        {
            try
            {
                Take(arrival);
            }
            catch (Exception exception)
            {
                // Nobody knows how. But the loop goes on, whatever it was.
                Log.ClientLost(_logger, LogLevel.Error, Where, exception);
            }
        }
    }

    private void Take(Arrival arrival)
    {
        if (_options is { MaxConnections: { } limit, LimitMode: ConnectionLimitMode.Reject } && ActiveConnections + (_prefaces?.Count ?? 0) >= limit)
        {
            arrival.Refuse();
            NetKitMetrics.ConnectionRejected();
            if (_logger.IsEnabled(LogLevel.Debug))
            {
                Log.ClientRefused(_logger, Where, limit);
            }
        }
        else if (_listener.TryOpen(arrival) is not { } connection)
        {
            _slots?.Release();
        }
        else if (_prefaces is not null)
        {
            _prefaces.Begin(connection);
        }
        else
        {
            Serve(connection);
        }
    }

    /// <summary>Runs the handler of a connection that is ready for it.</summary>
    internal void Serve(Connection connection)
    {
        var served = new ServedConnection(this, connection);
        _connections.Add(served);
        NetKitMetrics.ConnectionBegan();
        if (_options.RunContinuationsAsynchronously)
        {
            connection.RunsContinuationsAsynchronously = true;
        }

        // Not from here: a handler that blocks must not keep the next client waiting.
        connection.Schedule(served);
    }

    private async ValueTask<bool> TryTakeSlotAsync()
    {
        if (_slots is null)
        {
            return true;
        }

        try
        {
            // Whoever closes the listener, we or another: nobody else will come.
            await _slots.WaitAsync(_listener.Closed).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task StopAsync()
    {
        await _listener.DisposeAsync().ConfigureAwait(false);

        _prefaces?.Stop();

        // Before handlers are told: those that end at once count too.
        _connections.BeginDrain();
        if (Interlocked.Exchange(ref _told, 1) == 0)
        {
            // Not waited for: a handler's callback that blocks must not keep the drain from its deadline.
            _ = TellHandlersAsync();
        }
    }

    private async Task TellHandlersAsync()
    {
        try
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException exception)
        {
            // A handler's own callback on the token threw. The others were called all the same.
            Log.StopCallbackFailed(_logger, exception);
        }
    }

    private async Task<DrainResult> DrainAsync()
    {
        // Also when the loop ended because somebody else closed the listener.
        await StopAsync().ConfigureAwait(false);
        if (_prefaces is not null)
        {
            await _prefaces.WaitUntilEmptyAsync(s_noticeTime).ConfigureAwait(false);
        }

        var active = _connections.ToDrain;
        Log.Draining(_logger, Where, active, _options.DrainTimeout);
        var aborted = 0;
        if (!await _connections.WaitUntilEmptyAsync(_options.DrainTimeout, _timeProvider).ConfigureAwait(false))
        {
            aborted = _connections.AbortAll();
            await _connections.WaitUntilEmptyAsync(s_noticeTime, _timeProvider).ConfigureAwait(false);
        }

        Log.Drained(_logger, Where, active - aborted, aborted);
        return new DrainResult(active - aborted, aborted);
    }
}
