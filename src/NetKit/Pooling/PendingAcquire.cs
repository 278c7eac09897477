using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace NetKit;

/// <summary>Somebody who awaits <see cref="ConnectionPool.AcquireAsync"/>: a waiter, and the promise that is awaited.</summary>
/// <remarks>
/// Used again and again: the result is fetched once, and only then does the object serve the next; and not when the token's callback
/// may still be on its way to it. A failure is made where it is fetched, so thousands that expire together cost no exceptions here.
/// </remarks>
internal sealed class PendingAcquire : PoolWaiter, IValueTaskSource<ConnectionLease>
{
    private readonly ConnectionPool _pool;
    private ManualResetValueTaskSourceCore<bool> _promise = new() { RunContinuationsAsynchronously = true };
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private ConnectionLease _lease;
    private PoolSnapshot? _snapshot;
    private Activity? _span;
    private long _since; // when the wait began, if it is measured

    public PendingAcquire(ConnectionPool pool) => _pool = pool;

    /// <summary>The next of the objects that wait to be used. Guarded by the pool.</summary>
    public PendingAcquire? NextSpare { get; set; }

    /// <summary>Where the caller is; null unless leaks are traced.</summary>
    public StackTrace? AcquiredAt { get; private set; }

    /// <summary>Takes what the wait is about. Before anybody else can see the object.</summary>
    public void Begin(Deadline limit, StackTrace? stack)
    {
        Deadline = limit.Instant;
        AcquiredAt = stack;
        _since = NetKitMetrics.MeasuresAcquireWait ? _pool.Now : 0;
    }

    /// <summary>Begins to listen to the token. The waiter may have been settled already.</summary>
    public ValueTask<ConnectionLease> WaitAsync(CancellationToken token)
    {
        _span = NetKitActivities.StartBeside("acquire");
        _token = token;
        if (token.CanBeCanceled)
        {
            PoolSchedule.Point();
            _registration = token.UnsafeRegister(static state => ((PendingAcquire)state!).OnTokenCancelled(), this);
        }

        return new ValueTask<ConnectionLease>(this, _promise.Version);
    }

    /// <summary>Keeps the promise. The awaiting code may use the object again before this returns.</summary>
    public void Grant(ConnectionLease lease)
    {
        _lease = lease;
        _promise.SetResult(true);
    }

    /// <summary>Ends the wait without a connection, for the reason that the state names.</summary>
    public void Fail(PoolSnapshot? snapshot)
    {
        _snapshot = snapshot;
        _promise.SetResult(false);
    }

    ConnectionLease IValueTaskSource<ConnectionLease>.GetResult(short token)
    {
        // Throws, and changes nothing, when asked with the token of another use.
        if (_promise.GetResult(token))
        {
            var lease = _lease;
            End(((PooledConnection)Entry!).DialedBy);
            Recycle();
            return lease;
        }

        var failure = _pool.FailureOf(State, Cause, _snapshot, _token);
        End(dial: default);
        Recycle();
        throw failure;
    }

    ValueTaskSourceStatus IValueTaskSource<ConnectionLease>.GetStatus(short token) => _promise.GetStatus(token);

    void IValueTaskSource<ConnectionLease>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _promise.OnCompleted(continuation, state, token, flags);

    private void OnTokenCancelled() => _pool.OnCancelled(this);

    private void End(ActivityContext dial)
    {
        if (_since != 0)
        {
            NetKitMetrics.AcquireWaited(TimeSpan.FromTicks(_pool.Now - _since));
        }

        if (_span is not null)
        {
            EndSpan(_span, dial);
        }
    }

    private void EndSpan(Activity span, ActivityContext dial)
    {
        if (State != PoolWaiterState.Granted)
        {
            span.SetStatus(ActivityStatusCode.Error, State.ToString());
        }
        else if (dial != default)
        {
            // A link, not a parent: the dial is the pool's, and serves others after us.
            span.AddLink(new ActivityLink(dial));
        }

        NetKitActivities.EndBeside(span);
    }

    private void Recycle()
    {
        // A callback that has begun holds this object as the one that it was.
        var isFree = !_token.CanBeCanceled || _registration.Unregister();
        (Entry, Cause, _snapshot, _span, AcquiredAt) = (null, null, null, null, null);
        (_token, _registration, _lease) = (default, default, default);

        // Whoever awaits a second time is told so, whether or not the object serves again.
        _promise.Reset();
        PoolSchedule.Point();
        if (isFree)
        {
            State = PoolWaiterState.New;
            _pool.Reuse(this);
        }
    }
}
