namespace NetKit;

/// <summary>Bounds an operation that is made of several smaller ones: the caller's token, and the timeout of the whole.</summary>
/// <remarks>Costs nothing while no timeout is set: then the token is the caller's own.</remarks>
internal readonly struct OperationLimit : IDisposable
{
    private readonly CancellationTokenSource? _timeout;
    private readonly CancellationTokenSource? _either;

    private OperationLimit(CancellationTokenSource? timeout, CancellationTokenSource? either, CancellationToken caller)
    {
        _timeout = timeout;
        _either = either;
        Token = either?.Token ?? caller;
    }

    /// <summary>Is cancelled when the caller gives up or the time is over.</summary>
    public CancellationToken Token { get; }

    public static OperationLimit Start(ConnectionHalf half, CancellationToken caller)
    {
        if (half.OperationTimeout == Timeout.InfiniteTimeSpan)
        {
            return new OperationLimit(null, null, caller);
        }

        var timeout = new CancellationTokenSource(half.OperationTimeout, half.Scheduler.TimeProvider ?? TimeProvider.System);
        return new OperationLimit(timeout, CancellationTokenSource.CreateLinkedTokenSource(caller, timeout.Token), caller);
    }

    public void Dispose()
    {
        _either?.Dispose();
        _timeout?.Dispose();
    }
}
