using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace NetKit;

/// <summary>A read or write that waits: what it waits with, and the promise that its caller awaits.</summary>
/// <remarks>
/// Used again and again: the result is fetched exactly once, and only then does the object serve the next operation. What
/// failed is kept as a value and thrown where it is fetched, so an operation that nobody awaits costs no exception.
/// </remarks>
internal abstract class PendingOperation : IValueTaskSource<int>, IValueTaskSource, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<int> _promise;
    private TokenWatch? _watch; // made by the first token that can be cancelled
    private SocketError _status;
    private bool _faulted;
    private volatile bool _isSpare;

    protected PendingOperation(ConnectionHalf half) => Half = half;

    /// <summary>Which use of this object a promise belongs to.</summary>
    public short Version => _promise.Version;

    /// <summary>What ends the operation from outside; the transport when nothing has.</summary>
    public OperationEnd Interruption { get; set; }

    /// <summary>Tells whether the caller has given up.</summary>
    public bool IsCancelled => Token.IsCancellationRequested;

    /// <summary>The connection, from the begin of an operation to its end. A spare holds none, so that it can be collected.</summary>
    public ReadinessConnection Connection { get; private set; } = null!;

    /// <summary>The direction that the object serves, time and again.</summary>
    protected ConnectionHalf Half { get; }

    private CancellationToken Token => _watch?.Token ?? default;

    /// <summary>Takes the object for another operation; false while the result of the last one was not fetched. In turn, so that nobody else takes it.</summary>
    public bool TryUseAgain()
    {
        if (!_isSpare)
        {
            return false;
        }

        _isSpare = false;
        return true;
    }

    /// <summary>Begins to wait for readiness, or goes on after finding none. The caller owns the operation and gives it up here.</summary>
    public abstract void WaitOn();

    /// <summary>Ends the operation for a reason from outside. The caller owns the operation and gives it up here.</summary>
    public abstract void End(OperationEnd reason);

    /// <summary>Goes on, now that the transport may be ready. The caller owns the operation and gives it up here.</summary>
    /// <param name="inline">Whether the awaiting code may run on this thread, before this returns.</param>
    public abstract void Resume(bool inline);

    /// <summary>As <see cref="Resume"/>, in the thread pool: for a thread that must not run the awaiting code, and has nobody who looks at the promise at once.</summary>
    /// <remarks>The operation is itself the pool's item, and the awaiting code runs in it: a promise that is kept here would have to queue that, which makes an object of most.</remarks>
    public void ResumeElsewhere() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);

    /// <summary>Takes the connection and the caller's token. Before the operation is published, so that no later owner can miss it.</summary>
    protected void Begin(ReadinessConnection connection, CancellationToken token)
    {
        Connection = connection;
        if (token.CanBeCanceled)
        {
            _watch ??= new TokenWatch();
            _watch.Token = token;
            _watch.Registration = token.UnsafeRegister(static state => ((PendingOperation)state!).OnTokenCancelled(), this);
        }
    }

    /// <summary>Keeps the promise. The awaiting code may run before this returns, and use the object again.</summary>
    protected void Finish(int count, SocketError status, bool inline)
    {
        Leave();
        _status = status;
        _promise.RunContinuationsAsynchronously = !inline;
        _promise.SetResult(count);
    }

    /// <summary>Ends the operation with what the caller's own memory threw: the connection has not failed.</summary>
    protected void Fail(Exception exception)
    {
        Leave();
        _faulted = true;
        _promise.RunContinuationsAsynchronously = true;
        _promise.SetException(exception);
    }

    /// <summary>Lets the next operation of this direction begin.</summary>
    protected abstract void ExitTurn();

    protected abstract Exception Failure(SocketError status, OperationEnd end, CancellationToken token);

    /// <summary>Forgets the caller's buffer, and is ready for the next operation.</summary>
    protected abstract void Clear();

    public int GetResult(short token)
    {
        if (_faulted)
        {
            // Throws, and leaves the operation alone, when asked with the token of another use.
            GetStatus(token);
            try
            {
                return _promise.GetResult(token);
            }
            finally
            {
                Recycle();
            }
        }

        var count = _promise.GetResult(token);
        if (_status == SocketError.Success && Interruption == OperationEnd.Transport)
        {
            Recycle();
            return count;
        }

        var failure = Failure(_status, Interruption, Token);
        Recycle();
        throw failure;
    }

    void IValueTaskSource.GetResult(short token) => GetResult(token);

    void IThreadPoolWorkItem.Execute() => Resume(inline: true);

    public ValueTaskSourceStatus GetStatus(short token) => _promise.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _promise.OnCompleted(continuation, state, token, flags);

    private void OnTokenCancelled()
    {
        if (!Half.TryTake(this))
        {
            return;
        }

        // The object may have come to serve a later operation, with a token that nobody cancelled.
        if (IsCancelled)
        {
            End(OperationEnd.Cancelled);
        }
        else
        {
            WaitOn();
        }
    }

    /// <summary>Lets go of token and turn. Before the promise is kept: nothing of this operation touches its buffer any more.</summary>
    private void Leave()
    {
        // The token's callback may still be running: it takes only an operation that waits, and asks again.
        _watch?.Registration.Unregister();
        ExitTurn();
    }

    private void Recycle()
    {
        Clear();
        Connection = null!;
        _watch?.Clear();
        _status = SocketError.Success;
        _faulted = false;
        Interruption = OperationEnd.Transport;
        _promise.Reset();
        _isSpare = true;
        Half.LeaveSpare(this);
    }

    /// <summary>A caller's token and our place with it. Apart, because most that wait for long have none.</summary>
    private sealed class TokenWatch
    {
        public CancellationToken Token { get; set; }

        public CancellationTokenRegistration Registration { get; set; }

        public void Clear()
        {
            Token = default;
            Registration = default;
        }
    }
}
