namespace NetKit;

/// <summary>Waits for tasks until a deadline.</summary>
internal static class DeadlineWaiting
{
    /// <summary>Waits for a task; fails with <see cref="TimeoutException"/> when the deadline passes first, and never before.</summary>
    public static async Task WaitAsync(this Task task, Deadline limit, CancellationToken cancellationToken = default)
    {
        var timeProvider = limit.TimeProvider ?? TimeProvider.System;
        while (true)
        {
            try
            {
                await task.WaitAsync(limit.Patience, timeProvider, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException) when (!task.IsCompleted && !limit.HasPassed)
            {
                // The framework's timers go by a clock with coarse steps, and may ring a step early.
            }
        }
    }
}
