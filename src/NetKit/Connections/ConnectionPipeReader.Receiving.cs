using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using ConfiguredReceive = System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter;

namespace NetKit;

// A receive: the one that a read waits for, or that was abandoned.
internal partial class ConnectionPipeReader : IValueTaskSource<ReadResult>
{
    private const int Idle = 0; // no receive is under way
    private const int Awaited = 1; // one is, and the reader waits for it
    private const int Abandoned = 2; // one is, and nobody waits for it
    private const int Unseen = 3; // one has ended while nobody waited for it

    private int _state;
    private ConfiguredReceive _receive;
    private CancellationTokenRegistration _registration;
    private Action? _onReceived;
    private ManualResetValueTaskSourceCore<bool> _promise; // true: cancelled

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => ResultOf(_promise.GetResult(token));

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _promise.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _promise.OnCompleted(continuation, state, token, flags);

    /// <summary>Receives; false when that has to be waited for.</summary>
    private bool TryReceive()
    {
        while (true)
        {
            _isFilling = _receivesAtOnce;
            var receive = Begin(_isFilling ? _unread.MakeRoom() : Memory<byte>.Empty);
            if (!receive.IsCompleted)
            {
                _receive = receive;
                return false;
            }

            if (TryTake(receive.GetResult()))
            {
                return true;
            }
        }
    }

    /// <summary>Takes what was received; false when it only told that there is something to receive.</summary>
    private bool TryTake(int count)
    {
        if (_isCompleted)
        {
            // While the reader waited. What came belongs to nobody.
            _isAtEnd = true;
            return true;
        }

        if (!_isFilling)
        {
            _receivesAtOnce = true;
            return false;
        }

        _receivesAtOnce = _unread.Add(count);
        if (count == 0)
        {
            _isAtEnd = true;
            ReleaseIfConsumed();
            OnEnd();
        }

        return true;
    }

    // A receive that failed is forgotten: if it would fail again, so will the next.
    private void TakeUnseen()
    {
        Volatile.Write(ref _state, Idle);
        try
        {
            TryTake(_receive.GetResult());
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            ReleaseIfConsumed();
        }
    }

    /// <summary>Lets the reader wait for the receive under way; false when one that was abandoned has ended meanwhile.</summary>
    private bool TryWait(bool isAbandoned, CancellationToken cancellationToken, out ValueTask<ReadResult> promise)
    {
        _promise.Reset();
        promise = new ValueTask<ReadResult>(this, _promise.Version);
        _registration = cancellationToken.UnsafeRegister(static (state, token) => ((ConnectionPipeReader)state!).OnTokenCancelled(token), this);
        if (!isAbandoned)
        {
            Suspend(cancellationToken);
            return true;
        }

        if (Interlocked.CompareExchange(ref _state, Awaited, Abandoned) != Abandoned)
        {
            _registration.Dispose();
            return false;
        }

        LookForCancellation(cancellationToken);
        return true;
    }

    private void Suspend(CancellationToken cancellationToken)
    {
        // By value: as soon as it is published, another read may begin.
        var receive = _receive;
        var onReceived = _onReceived ??= OnReceived;
        Interlocked.Exchange(ref _state, Awaited);
        receive.UnsafeOnCompleted(onReceived);
        LookForCancellation(cancellationToken);
    }

    // What was cancelled before anybody could see that the reader waits.
    private void LookForCancellation(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _isCancelling) != 0)
        {
            CancelIfAwaited();
        }

        if (cancellationToken.IsCancellationRequested)
        {
            OnTokenCancelled(cancellationToken);
        }
    }

    private void OnReceived()
    {
        while (true)
        {
            if (Interlocked.CompareExchange(ref _state, Idle, Awaited) == Awaited)
            {
                GoOn();
                return;
            }

            if (Interlocked.CompareExchange(ref _state, Unseen, Abandoned) == Abandoned)
            {
                if (WatchesWhileUnread)
                {
                    LookForEnd();
                }

                return;
            }
        }
    }

    /// <summary>Goes on for the reader that waits.</summary>
    private void GoOn()
    {
        try
        {
            if (!TryTake(_receive.GetResult()) && !TryReceive())
            {
                Suspend(_registration.Token);
                return;
            }
        }
        catch (Exception exception)
        {
            _registration.Dispose();
            _promise.RunContinuationsAsynchronously = true;
            _promise.SetException(Failed(exception));
            return;
        }

        _registration.Dispose();

        // Inline, where the receive has ended: the connection has decided where that is.
        _promise.RunContinuationsAsynchronously = false;
        _promise.SetResult(false);
    }

    private void CancelIfAwaited()
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Awaited) != Awaited)
        {
            return;
        }

        Interlocked.Exchange(ref _isCancelling, 0);
        _registration.Dispose();
        _promise.RunContinuationsAsynchronously = true;
        _promise.SetResult(true);
    }

    private void OnTokenCancelled(CancellationToken token)
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Awaited) != Awaited)
        {
            return;
        }

        if (_registration.Token == token)
        {
            // Within its own callback, or after it: not to be waited for.
            _registration.Unregister();
            _promise.RunContinuationsAsynchronously = true;
            _promise.SetException(new OperationCanceledException(token));
        }
        else if (Interlocked.CompareExchange(ref _state, Awaited, Abandoned) != Abandoned)
        {
            // A later read waits, of which nobody wants the end; and its receive has ended while it was ours.
            Volatile.Write(ref _state, Idle);
            GoOn();
        }
    }

    /// <summary>Begins a receive that nobody waits for, but the next read.</summary>
    private void Watch()
    {
        if (_isAtEnd || Volatile.Read(ref _state) != Idle)
        {
            return;
        }

        _isFilling = false;
        var receive = Begin(Memory<byte>.Empty);
        if (receive.IsCompleted)
        {
            Volatile.Write(ref _state, Unseen);
            _receive = receive;
            LookForEnd();
            return;
        }

        _receive = receive;
        Interlocked.Exchange(ref _state, Abandoned);
        receive.UnsafeOnCompleted(_onReceived ??= OnReceived);
    }

    private void LookForEnd()
    {
        if (_connection.CheckIdle(ask: true) == IdleState.Ended)
        {
            OnEnd();
        }
    }

    private ConfiguredReceive Begin(Memory<byte> room) => _connection.ReadAsync(room).ConfigureAwait(false).GetAwaiter();
}
