namespace NetKit;

/// <summary>Those who wait for a turn, first come first served. Made only when two callers meet. Lock it to use it.</summary>
internal sealed class TurnQueue
{
    private readonly LinkedList<TaskCompletionSource> _waiters = new();

    public bool IsEmpty => _waiters.Count == 0;

    public void Add(TaskCompletionSource waiter) => _waiters.AddLast(waiter);

    public TaskCompletionSource? TakeFirst()
    {
        var first = _waiters.First?.Value;
        if (first is not null)
        {
            _waiters.RemoveFirst();
        }

        return first;
    }

    /// <summary>Waits until the waiter is given its turn; false when the time was over and it has left the queue.</summary>
    public static async ValueTask<bool> WaitAsync(
        TurnQueue waiters, TaskCompletionSource waiter, Deadline limit, CancellationToken cancellationToken)
    {
        try
        {
            await waiter.Task.WaitAsync(limit, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            lock (waiters)
            {
                if (waiters._waiters.Remove(waiter))
                {
                    if (exception is OperationCanceledException)
                    {
                        throw;
                    }

                    return false;
                }
            }

            // The turn was given while we were leaving: it is ours now, and must not be lost.
            return true;
        }
    }
}
