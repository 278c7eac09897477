using System.Diagnostics.Tracing;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Accepts clients through every trouble but the listener's own end: it neither dies nor spins.</summary>
/// <remarks>
/// Three tiers. A client that hung up: go on (the acceptor does). A shortage of descriptors, buffers or memory, and
/// whatever nobody has thought of: wait, longer each time, and wake when a connection is closed. The listener closed: the end.
/// While a shortage lasts, clients that have waited for a while are turned away rather than left hanging.
/// </remarks>
internal sealed class SteadyAccept
{
    // Shorter shortages are waited out by everybody.
    private static readonly TimeSpan s_turnAwayFrom = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_logInterval = TimeSpan.FromSeconds(10);
    private const int MostTurnedAwayAtOnce = 128;

    private readonly Acceptor _acceptor;
    private readonly ILogger _logger;
    private readonly AcceptBackoff _backoff;
    private readonly OnceAWhile _troubleLog;

    public SteadyAccept(Acceptor acceptor, ILogger logger, TimeProvider? timeProvider)
    {
        _acceptor = acceptor;
        _logger = logger;
        _backoff = new AcceptBackoff(timeProvider);
        _troubleLog = new OnceAWhile(s_logInterval, timeProvider);
    }

    /// <summary>Waits for the next client; null when the listener is closed.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Arrival?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Exception trouble;
            try
            {
                var arrival = await _acceptor.AcceptAsync(cancellationToken).ConfigureAwait(false);
                _backoff.Reset();
                _acceptor.MayTurnAway = 0;
                return arrival;
            }
            catch (ConnectionException exception) when (exception.Error == ConnectionError.Closed)
            {
                return null;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                trouble = exception;
            }

            await RecoverAsync(trouble, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the connection of a client; null when it is gone already, or its socket cannot be set up.</summary>
    public Connection? TryOpen(Arrival arrival)
    {
        try
        {
            return arrival.Open();
        }
        catch (Exception exception)
        {
            // A client that reset before we came to it; or the user's Configure threw. Only this client is lost.
            var level = exception is SocketException or ObjectDisposedException ? LogLevel.Debug : LogLevel.Error;
            var where = ErrorSentence.Format(_acceptor.LocalEndPoint);
            Log.ClientLost(_logger, level, where, exception);
            return null;
        }
    }

    /// <summary>Ends a wait for resources early.</summary>
    public void OnResourcesFreed() => _backoff.OnResourcesFreed();

    /// <summary>Waits no more: the listener was closed, and the next accept will say so.</summary>
    public void Stop() => _backoff.Stop();

    private async ValueTask RecoverAsync(Exception trouble, CancellationToken cancellationToken)
    {
        NetKitMetrics.AcceptFailed();
        if (NetKitEventSource.Traces(NetKitEventSource.Keywords.Servers, EventLevel.Warning))
        {
            NetKitEventSource.Log.AcceptFailed(ErrorSentence.Format(_acceptor.LocalEndPoint), trouble.Message);
        }

        var wait = _backoff.Next;
        if (_troubleLog.IsTime(out var suppressed))
        {
            Log.AcceptFailing(_logger, ErrorSentence.Format(_acceptor.LocalEndPoint), wait, suppressed, trouble);
        }

        await _backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
        _acceptor.MayTurnAway = wait >= s_turnAwayFrom ? MostTurnedAwayAtOnce : 0;
    }
}
