namespace NetKit;

/// <summary>Waits for what code of the user does for as long as there is time, or not at all.</summary>
internal static class AbandonedTask
{
    /// <summary>Lets a task end by itself. What it fails with is nobody's affair, and counts as seen.</summary>
    public static void Abandon(this Task task)
    {
        if (!task.IsCompletedSuccessfully)
        {
            _ = task.ContinueWith(
                static ended => ended.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    /// <summary>Waits for a task, but not beyond the token: then it is abandoned.</summary>
    public static Task<T> WaitOrAbandonAsync<T>(this Task<T> task, CancellationToken cancellationToken)
    {
        task.Abandon();
        return task.WaitAsync(cancellationToken);
    }
}
