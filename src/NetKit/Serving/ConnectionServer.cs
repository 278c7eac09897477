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

    private readonly ConnectionListener[] _listeners;
    private readonly ConnectionServerOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Prefaces? _prefaces;
    private readonly ServedConnections _connections = new();
    private readonly ClientAdmission _admission;
    private readonly WatchRules? _rules; // null while no option asks for a watch, as the watch is
    private readonly ConnectionWatch? _watch;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isStopping;
    private volatile bool _isAborting;
    private int _accepting; // how many listeners are not closed
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
        : this([listener ?? throw new ArgumentNullException(nameof(listener))], handler, options, loggerFactory)
    {
    }

    /// <summary>Makes a server of several listeners: several addresses, or one port shared with <see cref="ListenerOptions.ReusePort"/>.</summary>
    /// <param name="listeners">
    /// Where clients come in, at least one. The server closes them when it stops. When one is closed by somebody else, that is logged and
    /// the server goes on with the others; with the last it stops. Times are measured by the clock of the first.
    /// </param>
    /// <param name="handler">As for one listener.</param>
    /// <param name="options">The limits, of all listeners together. Default (null): the defaults of <see cref="ConnectionServerOptions"/>.</param>
    /// <param name="loggerFactory">Where failures are logged. Default (null): nowhere.</param>
    /// <exception cref="ArgumentException">There is no listener, or one is null or there twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it and its value.</exception>
    public ConnectionServer(
        IReadOnlyList<ConnectionListener> listeners,
        Func<Connection, CancellationToken, Task> handler,
        ConnectionServerOptions? options = null,
        ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(listeners);
        ArgumentNullException.ThrowIfNull(handler);

        // Without LINQ, here and below: a server is not to load its assembly, which takes two descriptors of few.
        _listeners = new List<ConnectionListener>(listeners).ToArray();
        if (_listeners.Length == 0 || new HashSet<ConnectionListener?>(_listeners) is var each && (each.Count < _listeners.Length || each.Contains(null)))
        {
            throw new ArgumentException("A server needs at least one listener, and each of them once.", nameof(listeners));
        }

        _accepting = _listeners.Length;
        Handler = handler;
        _options = (options ?? ConnectionServerOptions.Default).Validated();
        _logger = GuardedLogger.Create<ConnectionServer>(loggerFactory);
        TimeProvider = _listeners[0].TimeProvider ?? TimeProvider.System;
        _admission = new ClientAdmission(_options, _connections, _logger, TimeProvider);
        _rules = WatchRules.Of(_options, TimeProvider);
        _watch = _rules is null ? null : new ConnectionWatch(_rules, _connections, _logger, TimeProvider);
        Stopping = _stop.Token;
        _prefaces = Prefaces.Create(this, _options, _logger, TimeProvider);
    }

    /// <summary>Counts the connections whose handlers have not ended. One that is in its handshake does not count yet.</summary>
    public int ActiveConnections => _connections.Count;

    internal Func<Connection, CancellationToken, Task> Handler { get; }

    internal CancellationToken Stopping { get; }

    internal TimeProvider TimeProvider { get; }

    /// <summary>Whether clients can come in: there is a listener that is not closed, and nobody has stopped the server.</summary>
    internal bool IsAccepting => !_isStopping && Volatile.Read(ref _accepting) > 0;

    /// <summary>What is between its accept and its handler; null when nothing ever is.</summary>
    internal Prefaces? Prefaces => _prefaces;

    private string Where => string.Join(", ", Array.ConvertAll(_listeners, static listener => ErrorSentence.Format(listener.LocalEndPoint)));

    /// <summary>Serves until told to stop, then drains.</summary>
    /// <param name="stopping">
    /// Stops the server: its listeners are closed, handlers are told by their token, and those that have not ended after
    /// <see cref="ConnectionServerOptions.DrainTimeout"/> get their connections reset.
    /// </param>
    /// <returns>Once drained: how many connections ended by themselves and how many were reset. Also when its listeners were closed by somebody else.</returns>
    /// <exception cref="InvalidOperationException">The server was run before, or disposed.</exception>
    public Task<DrainResult> RunAsync(CancellationToken stopping) => RunHostedAsync(stopping, hurrying: CancellationToken.None);

    /// <summary>As <see cref="RunAsync"/>; the second token ends a drain at once, as its time does.</summary>
    internal Task<DrainResult> RunHostedAsync(CancellationToken stopping, CancellationToken hurrying)
    {
        if (Interlocked.CompareExchange(ref _phase, Run, New) is not New and var before)
        {
            throw new InvalidOperationException($"A server runs once; it was {(before == Run ? "run" : "disposed")} before.");
        }

        return RunCoreAsync(stopping, hurrying);
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
    internal void OnEnded(ServedConnection served, string outcome)
    {
        ConnectionReport.Ended(served.Connection, served.Elapsed, outcome);
        _admission.Leave(served);
        TellListenersOfRoom();
    }

    /// <summary>Is called once for each connection that was closed before it got a handler.</summary>
    internal void OnTurnedAway(in AdmissionTicket ticket)
    {
        _admission.Withdraw(ticket);
        TellListenersOfRoom();
    }

    /// <summary>Names how a connection ended: by what its server did to it, or else by what its handler did.</summary>
    internal string OutcomeOf(Connection connection, Exception? failure) => connection.ClosedFor switch
    {
        not (CloseCause.None or CloseCause.Closed) => "timed_out",
        CloseCause.Closed when _isAborting => "aborted",
        _ => failure switch
        {
            null => "completed",
            ConnectionException { Error: ConnectionError.DeadlineExceeded } when IsOf(connection, failure) => "deadline_exceeded",
            ConnectionException when IsOf(connection, failure) => "lost",
            OperationCanceledException when Stopping.IsCancellationRequested => "stopped",
            _ => "failed",
        },
    };

    /// <summary>Logs why a handler did not simply return.</summary>
    internal void LogEnd(Connection connection, Exception exception, string outcome)
    {
        // A peer that hangs up, or a handler that obeys its token, is the ordinary end of a connection.
        if (IsOf(connection, exception) || outcome == "stopped")
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

    private async Task<DrainResult> RunCoreAsync(CancellationToken stopping, CancellationToken hurrying)
    {
        Log.Serving(_logger, Where);
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Servers))
        {
            NetKitEventSource.Log.ServerStarted(Where);
        }

        try
        {
            await using (stopping.UnsafeRegister(static state => _ = ((ConnectionServer)state!).StopAsync(), this).ConfigureAwait(false))
            {
                await AcceptAllAsync().ConfigureAwait(false);
                return await DrainAsync(hurrying).ConfigureAwait(false);
            }
        }
        finally
        {
            _watch?.Dispose();
            _drained.SetResult();
        }
    }

    private Task AcceptAllAsync() => Task.WhenAll(Array.ConvertAll(_listeners, AcceptAsync));

    private async Task AcceptAsync(ConnectionListener listener)
    {
        var loops = new Task[_options.AcceptLoops];
        for (var loop = 0; loop < loops.Length; loop++)
        {
            loops[loop] = RunLoopAsync(listener);
        }

        await Task.WhenAll(loops).ConfigureAwait(false);
        if (Interlocked.Decrement(ref _accepting) > 0 && !_isStopping)
        {
            Log.ListenerLost(_logger, ErrorSentence.Format(listener.LocalEndPoint));
        }
    }

    private async Task RunLoopAsync(ConnectionListener listener)
    {
        // Off the caller's thread and context; and no handler ever runs on an accept loop.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (await listener.AcceptSteadilyAsync(CancellationToken.None).ConfigureAwait(false) is { } arrival)
        {
            try
            {
                await TakeAsync(listener, arrival).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // Nobody knows how. But the loop goes on, whatever it was.
                Log.ClientLost(_logger, LogLevel.Error, Where, exception);
            }
        }
    }

    private async ValueTask TakeAsync(ConnectionListener listener, Arrival arrival)
    {
        if (!await _admission.WaitForRoomAsync(listener.Closed).ConfigureAwait(false)
            || !_admission.TryAdmit(arrival, listener, out var ticket))
        {
            arrival.Refuse();
        }
        else if (listener.TryOpen(arrival) is not { } connection)
        {
            _admission.Withdraw(ticket);
        }
        else if (_prefaces is not null)
        {
            _prefaces.Begin(connection, ticket);
        }
        else
        {
            Serve(connection, ticket);
        }
    }

    /// <summary>Runs the handler of a connection that is ready for it.</summary>
    internal void Serve(Connection connection, in AdmissionTicket ticket)
    {
        var served = _rules is not null || ticket != default ? new LimitedConnection(this, connection, ticket, _rules)
            : ConnectionReport.WantsTime ? new TimedConnection(this, connection)
            : new ServedConnection(this, connection);
        _connections.Add(served);
        _watch?.OnAdded();
        ConnectionReport.Began(connection);
        if (_options.RunContinuationsAsynchronously)
        {
            connection.RunsContinuationsAsynchronously = true;
        }

        // Not from here: a handler that blocks must not keep the next client waiting.
        connection.Schedule(served);
    }

    private void TellListenersOfRoom()
    {
        foreach (var listener in _listeners)
        {
            listener.OnConnectionClosed();
        }
    }

    private async Task StopAsync()
    {
        _isStopping = true;
        foreach (var listener in _listeners)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

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

    private async Task<DrainResult> DrainAsync(CancellationToken hurrying)
    {
        // Also when the loop ended because somebody else closed the listener.
        await StopAsync().ConfigureAwait(false);
        if (_prefaces is not null)
        {
            await _prefaces.WaitUntilEmptyAsync(s_noticeTime).ConfigureAwait(false);
        }

        var active = _connections.ToDrain;
        Log.Draining(_logger, Where, active, _options.DrainTimeout);
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Servers))
        {
            NetKitEventSource.Log.ServerDraining(Where, active);
        }

        var aborted = 0;
        if (!await _connections.WaitUntilEmptyAsync(_options.DrainTimeout, TimeProvider, hurrying).ConfigureAwait(false))
        {
            _isAborting = true;
            aborted = _connections.AbortAll();
            await _connections.WaitUntilEmptyAsync(s_noticeTime, TimeProvider, CancellationToken.None).ConfigureAwait(false);
        }

        Log.Drained(_logger, Where, active - aborted, aborted);
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Servers))
        {
            NetKitEventSource.Log.ServerStopped(Where, active - aborted, aborted);
        }

        return new DrainResult(active - aborted, aborted);
    }
}
