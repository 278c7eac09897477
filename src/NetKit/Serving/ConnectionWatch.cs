using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Looks at every connection of a server time and again, and ends those that idle, dawdle or last too long.</summary>
/// <remarks>
/// One timer a server, which runs while there are connections. Invariant: while there is one, the timer is set or a look
/// is under way; both sides write first, then read what the other wrote.
/// </remarks>
internal sealed class ConnectionWatch : IDisposable
{
    // Few enough that whoever wants to add or remove a connection meanwhile waits for some microseconds.
    private const int TakenTogether = 64;

    private readonly WatchRules _rules;
    private readonly ServedConnections _connections;
    private readonly ILogger _logger;
    private readonly ServedConnection[] _taken = new ServedConnection[TakenTogether]; // guarded by there being one look at a time
    private readonly ITimer _timer;
    private int _runs;

    public ConnectionWatch(WatchRules rules, ServedConnections connections, ILogger logger, TimeProvider timeProvider)
    {
        _rules = rules;
        _connections = connections;
        _logger = logger;

        // Whoever makes the server must not lend its ambient state to what ends connections.
        using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
        {
            _timer = timeProvider.CreateTimer(
                static state => ((ConnectionWatch)state!).LookAtAll(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Sees to it that looks go on, now that a connection was added.</summary>
    public void OnAdded()
    {
        if (Volatile.Read(ref _runs) == 0 && Interlocked.Exchange(ref _runs, 1) == 0)
        {
            SetTimer();
        }
    }

    /// <summary>Stops looking.</summary>
    public void Dispose() => _timer.Dispose();

    private void LookAtAll()
    {
        var left = _connections.Count;
        while (left > 0)
        {
            var count = _connections.TakeNext(_taken.AsSpan(0, Math.Min(left, TakenTogether)));
            if (count == 0)
            {
                break;
            }

            foreach (var served in _taken.AsSpan(0, count))
            {
                LookAt((LimitedConnection)served);
            }

            left -= count;
        }

        Array.Clear(_taken);
        GoOn();
    }

    private void LookAt(LimitedConnection served)
    {
        var cause = served.Look(_rules);
        if (cause == CloseCause.None || !served.Connection.TryAbort(cause))
        {
            return;
        }

        NetKitMetrics.ConnectionTimedOut(ReasonOf(cause));
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Connections))
        {
            NetKitEventSource.Log.ConnectionTimedOut(served.Connection.Id, ReasonOf(cause));
        }

        if (_logger.IsEnabled(LogLevel.Debug))
        {
            Log.ConnectionTimedOut(_logger, served.Connection.ToString(), cause.Sentence()!);
        }
    }

    private void GoOn()
    {
        if (_connections.Count == 0)
        {
            // A full fence: whoever adds a connection that we do not see below sees that nobody looks.
            Interlocked.Exchange(ref _runs, 0);
            if (_connections.Count == 0 || Interlocked.Exchange(ref _runs, 1) != 0)
            {
                return;
            }
        }

        SetTimer();
    }

    private void SetTimer()
    {
        try
        {
            _timer.Change(_rules.Interval, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The server has drained, and what is left was reset.
        }
    }

    private static string ReasonOf(CloseCause cause) => cause switch
    {
        CloseCause.Stalled => "stalled_write",
        CloseCause.SlowToSend => "receive_rate",
        CloseCause.TooOld => "lifetime",
        _ => "idle_timeout",
    };
}
