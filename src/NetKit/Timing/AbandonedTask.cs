namespace NetKit;

/// <summary>Waits for what code of the user does, for as long as there is time.</summary>
internal static class AbandonedTask
{
    /// <summary>Waits for a task, but not beyond the token. What it fails with after that is nobody's affair, and counts as seen.</summary>
    public static Task<T> WaitOrAbandonAsync<T>(this Task<T> task, CancellationToken cancellationToken)
    {
        _ = task.ContinueWith(
            static ended => ended.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return task.WaitAsync(cancellationToken);
    }
}
