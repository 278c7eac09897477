namespace NetKit;

/// <summary>Bounds an operation that is made of several smaller ones: the caller's token, and the timeout of the whole.</summary>
/// <remarks>Costs nothing while there is one reason at the most to end: then that token serves as it is.</remarks>
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

    /// <param name="timeout">The time the operation has; infinite for no bound.</param>
    /// <param name="scheduler">Where the time is measured.</param>
    /// <param name="pause">A token that interrupts the operation for reasons of the connection's own.</param>
    /// <param name="caller">The caller's token.</param>
    public static OperationLimit Start(
        TimeSpan timeout, DeadlineScheduler scheduler, CancellationToken pause, CancellationToken caller)
    {
        if (timeout == Timeout.InfiniteTimeSpan && !(pause.CanBeCanceled && caller.CanBeCanceled))
        {
            return new OperationLimit(null, caller.CanBeCanceled ? caller : pause);
        }

        var timer = new Timer(scheduler, timeout, pause, caller);
        return new OperationLimit(timer, timer.Token);
    }

    public void Dispose() => _timer?.Stop();

    /// <summary>Cancels when the time is over, on the same wheel as every deadline: never early.</summary>
    private sealed class Timer : DeadlineEntry
    {
        private readonly CancellationTokenSource _source;
        private int _stopped;

        public Timer(DeadlineScheduler scheduler, TimeSpan timeout, CancellationToken pause, CancellationToken caller)
            : base(scheduler)
        {
            _source = CancellationTokenSource.CreateLinkedTokenSource(caller, pause);
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
                _source.CancelAsync().Abandon();
            }
            catch (ObjectDisposedException)
            {
                // Stopped at the same moment: the operation has ended.
            }
        }
    }
}
