namespace NetKit;

/// <summary>Bounds an operation that is made of several smaller ones: the caller's token, and the timeout of the whole.</summary>
/// <remarks>Costs nothing while no timeout is set: then the token is the caller's own.</remarks>
internal readonly struct OperationLimit : IDisposable
{
    private readonly Timer? _timer;

    private OperationLimit(Timer? timer, CancellationToken token)
    {
        _timer = timer;
        Token = token;
    }

    /// <summary>Is cancelled when the caller gives up or the time is over.</summary>
    public CancellationToken Token { get; }

    public static OperationLimit Start(ConnectionHalf? half, CancellationToken caller)
    {
        if (half is null || half.Timeout == Timeout.Infinite)
        {
            return new OperationLimit(null, caller);
        }

        var timer = new Timer(half.Scheduler, half.OperationTimeout, caller);
        return new OperationLimit(timer, timer.Token);
    }

    public void Dispose() => _timer?.Stop();

    /// <summary>Cancels when the time is over, on the same wheel as every deadline: never early.</summary>
    private sealed class Timer : DeadlineEntry
    {
        private readonly CancellationTokenSource _source;
        private int _stopped;

        public Timer(DeadlineScheduler scheduler, TimeSpan timeout, CancellationToken caller)
            : base(scheduler)
        {
            _source = CancellationTokenSource.CreateLinkedTokenSource(caller);
            Token = _source.Token;
            LimitOperation(timeout);
            Watch();
        }

        public CancellationToken Token { get; }

        internal override bool IsAwaited => Volatile.Read(ref _stopped) == 0;

        public void Stop()
        {
            Volatile.Write(ref _stopped, 1);
            Forget();
            _source.Dispose();
        }

        internal override void OnDue()
        {
            try
            {
                // Off the wheel's thread: what waits on the token may run at once.
                _ = _source.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // Stopped at the same moment: the operation has ended.
            }
        }
    }
}
