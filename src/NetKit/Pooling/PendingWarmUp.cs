namespace NetKit;

/// <summary>Somebody who awaits <see cref="ConnectionPool.WarmUpAsync"/>.</summary>
internal sealed class PendingWarmUp : PoolWarmUp
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _done.Task;

    public void Finish() => _done.TrySetResult();

    public void Fail(Exception exception) => _done.TrySetException(exception);

    public void Cancel(CancellationToken token) => _done.TrySetCanceled(token);
}
