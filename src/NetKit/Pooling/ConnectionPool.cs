using System.Net;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Keeps connections to one endpoint open, and lends each to one user at a time.</summary>
/// <remarks>
/// <para>Callers get idle connections last in, first out. When none is idle they wait in the order in which they came, each for whatever is
/// first: a connection that another returns, or one that is dialed. Dials belong to the pool: a caller that gives up kills none that
/// another can use, and nothing of a caller's context flows into them.</para>
/// <para>While the endpoint is down, one dial at a time tries it, at most once a second or so; when nothing is leased that could come
/// back, callers fail at once with the reason and need not wait in vain. When it is back, one, two, four and so on dials may run at once.</para>
/// <para>An acquire fails in one of three ways, never mixed: the caller's token (<see cref="OperationCanceledException"/>), the time or the
/// queue (<see cref="PoolExhaustedException"/>), or the endpoint and the pool itself (<see cref="ConnectionException"/>). The pool never repeats what users do.</para>
/// <para>Members may be called from any thread at any time. Dispose the pool when it is not needed any more.</para>
/// </remarks>
public sealed partial class ConnectionPool : IAsyncDisposable, IPoolGauge
{
    private readonly IDialer _dialer;
    private readonly EndPoint _endPoint;
    private readonly ConnectionPoolOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider? _clock; // null: the system's
    private readonly Action<IThreadPoolWorkItem> _execute;
    private readonly long _probeAfterIdle;
    private readonly long _idleTimeout;
    private readonly Lock _gate = new(); // guards _core and all that it keeps
    private readonly PoolCore _core;
    private readonly PoolTimer _timer;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes a pool. It opens connections when they are needed, and the minimum of idle ones from now on.</summary>
    /// <param name="dialer">Opens the connections, all of them to <paramref name="endPoint"/>. The pool owns what it brings.</param>
    /// <param name="endPoint">Where to.</param>
    /// <param name="options">The limits. Default (null): the defaults of <see cref="ConnectionPoolOptions"/>.</param>
    /// <param name="loggerFactory">Where failed dials and lost leases are logged. Default (null): nowhere.</param>
    /// <param name="timeProvider">The clock. Default (null): the system's monotonic clock.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it and its value.</exception>
    public ConnectionPool(
        IDialer dialer,
        EndPoint endPoint,
        ConnectionPoolOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
        : this(dialer, endPoint, options, loggerFactory, timeProvider, execute: null, Random.Shared)
    {
    }

    /// <param name="dialer">As above, and so are the next four.</param>
    /// <param name="endPoint">Where to.</param>
    /// <param name="options">The limits.</param>
    /// <param name="loggerFactory">Where to log.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="execute">Runs what must not run in a caller; null: the thread pool.</param>
    /// <param name="random">Where jitter comes from.</param>
    internal ConnectionPool(
        IDialer dialer,
        EndPoint endPoint,
        ConnectionPoolOptions? options,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider,
        Action<IThreadPoolWorkItem>? execute,
        Random random)
    {
        ArgumentNullException.ThrowIfNull(dialer);
        ArgumentNullException.ThrowIfNull(endPoint);
        _dialer = dialer;
        _endPoint = endPoint;
        _options = (options ?? ConnectionPoolOptions.Default).Validated();
        _logger = GuardedLogger.Create<ConnectionPool>(loggerFactory);
        _clock = ReferenceEquals(timeProvider, TimeProvider.System) ? null : timeProvider;
        _execute = execute ?? (static work => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false));
        _probeAfterIdle = ProbeAfterIdleOf(_options);
        _idleTimeout = PoolCore.TicksOf(_options.IdleTimeout);
        _core = new PoolCore(_options, random, () => new PooledDial(this));
        _timer = new PoolTimer(this, _clock);
        PoolGauges.Add(this);
        OnTimer();
    }

    /// <summary>What the last dial that failed has failed with; null once one has succeeded.</summary>
    internal Exception? DialError
    {
        get
        {
            lock (_gate)
            {
                return _core.DialError;
            }
        }
    }

    internal int MaxConnections => _options.MaxConnections;

    internal long Now => MonotonicClock.Now(_clock);

    // The cheap clock, on which connections are handed out, may lie before the exact one, on which they became idle: less than
    // zero must count as always, too.
    private static long ProbeAfterIdleOf(ConnectionPoolOptions options) => options.ProbeAfterIdle == TimeSpan.Zero
        ? long.MinValue
        : PoolCore.TicksOf(options.ProbeAfterIdle);

    /// <summary>Whether the pool keeps so many connections while nobody uses them.</summary>
    internal bool Keeps(int count) =>
        _options.ConnectionLifetime != TimeSpan.Zero && (_options.IdleTimeout != TimeSpan.Zero || count <= _options.MinIdle);

    private string Where => ErrorSentence.Format(_endPoint);

    /// <summary>Acquires a connection: an idle one, or the next that is returned or dialed.</summary>
    /// <param name="cancellationToken">Ends the wait. A dial under way goes on, for whoever waits next.</param>
    /// <returns>The lease, to be ended by <see cref="ConnectionLease.Return"/> or by disposing it.</returns>
    /// <remarks>
    /// An idle connection is looked at before it is handed out, without waiting, and passed over when the peer has ended it. The wait ends
    /// at the earliest of the token and <see cref="ConnectionPoolOptions.AcquireTimeout"/>. Cancelled or timed out, it leaves nothing behind.
    /// </remarks>
    /// <exception cref="PoolExhaustedException">No connection came in time, or too many callers wait already.</exception>
    /// <exception cref="ConnectionException">The endpoint is down, or the pool was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<ConnectionLease> AcquireAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ConnectionLease>(cancellationToken);
        }

        var now = MonotonicClock.Recent(_clock);
        PooledConnection? entry;
        if (TakeHot() is { } hot)
        {
            entry = hot.Entry;
            entry.OnLeased(now);
            if (IsGood(entry, now))
            {
                OnAcquiredAtOnce(entry, TraceCaller());
                return new ValueTask<ConnectionLease>(hot.Begin());
            }

            hot.PutBack();
        }
        else
        {
            entry = TakeIdle(now);
            if (entry is not null && IsGood(entry, now))
            {
                OnAcquiredAtOnce(entry, TraceCaller());
                return new ValueTask<ConnectionLease>(entry.BeginLease());
            }
        }

        return AcquireCarefully(entry, Deadline.After(_options.AcquireTimeout, _clock), TraceCaller(), cancellationToken);
    }

    /// <summary>Counts what the pool has and has done.</summary>
    public ConnectionPoolStatistics GetStatistics() => Let(0, static (core, _, _, ref _) => core.GetStatistics());

    /// <summary>Closes all connections there are: idle ones now, leased ones when their leases end, and those being dialed.</summary>
    /// <remarks>
    /// For when the endpoint has moved, or credentials have changed. Callers that wait get fresh connections. Does not wait for the closes.
    /// On a disposed pool it does nothing.
    /// </remarks>
    public void Clear() => Let(0, static (core, _, now, ref effects) => core.Clear(now, ref effects));

    /// <summary>Opens connections until there are as many as wanted, idle and leased ones together.</summary>
    /// <param name="count">How many: from 0 to <see cref="ConnectionPoolOptions.MaxConnections"/>.</param>
    /// <param name="cancellationToken">Ends the wait; dials under way go on.</param>
    /// <returns>Once they are open. They are kept as any idle connection is: see <see cref="ConnectionPoolOptions.IdleTimeout"/> and <see cref="ConnectionPoolOptions.MinIdle"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The count is out of range.</exception>
    /// <exception cref="InvalidOperationException">The options let the pool keep no idle connections.</exception>
    /// <exception cref="ConnectionException">A dial failed, or the pool was disposed. What was opened is kept.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask WarmUpAsync(int count, CancellationToken cancellationToken = default)
    {
        if (count < 0 || count > _options.MaxConnections)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), count, $"A pool is warmed up to between 0 and MaxConnections ({_options.MaxConnections}) connections.");
        }

        if (!Keeps(count))
        {
            throw new InvalidOperationException(
                $"A pool keeps no idle connections when {nameof(ConnectionPoolOptions.IdleTimeout)} or {nameof(ConnectionPoolOptions.ConnectionLifetime)} is zero, so it cannot be warmed up.");
        }

        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : new ValueTask(WarmUpCoreAsync(count, cancellationToken));
    }

    /// <summary>Closes the pool: callers that wait fail, idle connections are closed, leased ones when their leases end.</summary>
    /// <returns>
    /// Once all connections are closed. After <see cref="ConnectionPoolOptions.DrainTimeout"/> those of leases that have not ended are reset.
    /// </returns>
    /// <remarks>
    /// Idempotent; every call waits for the end. Ending a lease afterwards does no harm. Dials under way are cancelled and waited for: a
    /// dialer that does not heed its token holds up the end.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        Let(0, static (core, _, now, ref effects) => core.Dispose(now, ref effects));
        if (!await DrainAsync().ConfigureAwait(false))
        {
            AbandonLeases();
            await _drained.Task.ConfigureAwait(false);
        }

        _timer.Forget();
        PoolGauges.Remove(this);
    }

    (int Idle, int Leased, int Dialing, int Waiting) IPoolGauge.Measure()
    {
        var (idle, leased, dialing, waiting, _, _, _) = GetStatistics();
        return (idle, leased, dialing, waiting);
    }
}
