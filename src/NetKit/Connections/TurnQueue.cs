namespace NetKit;

/// <summary>Those who wait for a turn, first come first served. Made only when two callers meet.</summary>
internal sealed class TurnQueue
{
    private readonly Lock _gate = new(); // guards _waiters and _closed
    private readonly LinkedList<TaskCompletionSource> _waiters = new();
    private bool _closed;

    /// <summary>Queues the caller; null when the queue has been given up, and the turn with it.</summary>
    public TaskCompletionSource? TryAdd()
    {
        lock (_gate)
        {
            return _closed ? null : _waiters.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Value;
        }
    }

    /// <summary>Takes the one who waits longest; gives the queue up when there is none.</summary>
    public TaskCompletionSource? TakeFirstOrClose()
    {
        lock (_gate)
        {
            if (_waiters.First is not { } first)
            {
                _closed = true;
                return null;
            }

            _waiters.RemoveFirst();
            return first.Value;
        }
    }

    /// <summary>Waits until the waiter is given the turn; false when the deadline passed and it has left the queue.</summary>
    public async ValueTask<bool> WaitAsync(TaskCompletionSource waiter, Deadline limit, CancellationToken cancellationToken)
    {
        try
        {
            await waiter.Task.WaitAsync(limit, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            bool left;
            lock (_gate)
            {
                left = _waiters.Remove(waiter);
            }

            if (left && exception is OperationCanceledException)
            {
                throw;
            }

            // Not in the queue any more: the turn was given while we were leaving. It is ours now, and must not be lost.
            return !left;
        }
    }
}
