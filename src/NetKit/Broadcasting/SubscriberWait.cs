using System.Threading.Tasks.Sources;

namespace NetKit;

/// <summary>What a subscriber waits on, time and again. Kept by whoever took the wait from its subscription, and by nobody else.</summary>
internal sealed class SubscriberWait : IValueTaskSource<bool>
{
    // Never inline: the publisher runs no code of a subscriber.
    private ManualResetValueTaskSourceCore<bool> _promise = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private volatile bool _isInUse;

    /// <summary>Tells whether the result of the last wait was not fetched yet.</summary>
    public bool IsInUse => _isInUse;

    public ValueTask<bool> Begin()
    {
        _isInUse = true;
        _promise.Reset();
        return new ValueTask<bool>(this, _promise.Version);
    }

    /// <summary>Ends the wait when the token is cancelled. Before anybody can await the promise.</summary>
    public void EndOn(Action<object?, CancellationToken> cancel, object state, CancellationToken token) =>
        _registration = token.UnsafeRegister(cancel, state);

    public void Keep(bool hasItems) => _promise.SetResult(hasItems);

    public void Cancel(CancellationToken token) => _promise.SetException(new OperationCanceledException(token));

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        if (_promise.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            return _promise.GetResult(token); // throws, and leaves the wait alone
        }

        // Waits for a callback that runs: none can reach into the next wait.
        _registration.Dispose();
        _registration = default;
        try
        {
            return _promise.GetResult(token);
        }
        finally
        {
            _isInUse = false;
        }
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _promise.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _promise.OnCompleted(continuation, state, token, flags);
}
