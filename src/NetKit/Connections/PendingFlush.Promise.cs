using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace NetKit;

// What the caller of a flush awaits.
internal sealed partial class PendingFlush : IValueTaskSource<FlushResult>
{
    private bool _isAwaited;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private ManualResetValueTaskSourceCore<bool> _promise; // true: cancelled

    /// <summary>Ends the wait of whoever flushes; false when nobody does.</summary>
    public bool TryCancel()
    {
        if (!TryClaim(token: null))
        {
            return false;
        }

        _registration.Dispose();
        _promise.RunContinuationsAsynchronously = true;
        _promise.SetResult(true);
        return true;
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => _writer.ResultOf(_promise.GetResult(token));

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _promise.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _promise.OnCompleted(continuation, state, token, flags);

    private ValueTask<FlushResult> Await(bool isCancelled, CancellationToken cancellationToken)
    {
        if (isCancelled)
        {
            return new ValueTask<FlushResult>(_writer.ResultOf(isCancelled: true));
        }

        _promise.Reset();
        _token = cancellationToken;
        _registration = cancellationToken.UnsafeRegister(static (state, token) => ((PendingFlush)state!).OnTokenCancelled(token), this);
        _isAwaited = true;
        return new ValueTask<FlushResult>(this, _promise.Version);
    }

    private void LookForCancellation(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            OnTokenCancelled(cancellationToken);
        }
    }

    private void OnTokenCancelled(CancellationToken token)
    {
        if (TryClaim(token))
        {
            // Within its own callback, or after it: not to be waited for.
            _registration.Unregister();
            _promise.RunContinuationsAsynchronously = true;
            _promise.SetException(new OperationCanceledException(token));
        }
    }

    private bool TryClaim(CancellationToken? token)
    {
        lock (_gate)
        {
            if (!_isAwaited || (token is { } cancelled && cancelled != _token))
            {
                return false;
            }

            _isAwaited = false;
            return true;
        }
    }

    private void Keep(Exception? failure, bool inline)
    {
        _registration.Dispose();
        if (failure is null)
        {
            // Inline where the send has ended, if it had to be waited for: the connection has decided where that is.
            _promise.RunContinuationsAsynchronously = !inline;
            _promise.SetResult(false);
        }
        else
        {
            _promise.RunContinuationsAsynchronously = true;
            _promise.SetException(failure);
        }
    }
}
