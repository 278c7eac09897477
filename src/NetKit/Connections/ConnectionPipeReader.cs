using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using ConfiguredReceive = System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter;

namespace NetKit;

/// <summary>Reads a connection as a pipe, with no pipe in between: what is received goes straight into the buffer that is shown.</summary>
/// <remarks>
/// <para>Unread bytes lie in one array, always in a row. It is rented when data has come, and given back when all of it was
/// consumed: who waits holds none.</para>
/// <para>A receive is abandoned, not cancelled, when its reader gives up: it stays, and serves the next read. Invariant:
/// <c>_state</c> says who goes on when it ends, and all other fields belong to that one: to the reader, but while it waits
/// to the receive.</para>
/// </remarks>
internal class ConnectionPipeReader : PipeReader, IValueTaskSource<ReadResult>
{
    private const int FirstBufferSize = 4096;
    private const int LargestBufferSize = 64 * 1024; // to begin with; what nobody consumes makes it grow
    private const int LeastRoom = 1024;

    private const int Idle = 0; // no receive is under way
    private const int Awaited = 1; // one is, and the reader waits for it
    private const int Abandoned = 2; // one is, and nobody waits for it
    private const int Unseen = 3; // one has ended while nobody waited for it

    private readonly Connection _connection;
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _examined;
    private int _lastCount;
    private int _state;
    private int _isCancelling; // 0 or 1: somebody wants the read that waits to end, or else the next one
    private bool _receivesAtOnce; // with a buffer, and without waiting first
    private bool _isFilling; // the last receive has, or had, room in _buffer
    private bool _isAtEnd;
    private bool _isCompleted;
    private bool _hasUnread; // written by the reader, looked at by anybody
    private ConfiguredReceive _receive;
    private CancellationTokenRegistration _registration;
    private Action? _onReceived;
    private ManualResetValueTaskSourceCore<bool> _promise; // true: cancelled

    public ConnectionPipeReader(Connection connection) => _connection = connection;

    /// <summary>Whether the next read has something to show that has come already. To anybody but the reader this is only a hint.</summary>
    public bool HasUnread => Volatile.Read(ref _hasUnread);

    /// <summary>Whether to look out for the peer's end while nobody reads, by a receive that nobody waits for.</summary>
    protected virtual bool WatchesWhileUnread => false;

    // Of a receive that somebody else will hear of, the room must stay.
    private bool MustKeepRoom => _isFilling && Volatile.Read(ref _state) != Idle;

    public sealed override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        try
        {
            ReadResult result;
            while (!TryShow(out result))
            {
                var isUnderWay = Volatile.Read(ref _state) == Abandoned;
                if (isUnderWay || !TryReceive())
                {
                    OnWaiting();
                    if (TryWait(isUnderWay, cancellationToken, out var promise))
                    {
                        return promise;
                    }
                }
            }

            return new ValueTask<ReadResult>(result);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<ReadResult>(Failed(exception));
        }
    }

    public sealed override bool TryRead(out ReadResult result)
    {
        ThrowIfCompleted();
        return TryShow(out result);
    }

    public sealed override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public sealed override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        ThrowIfCompleted();
        var start = IndexOf(consumed);
        var seen = IndexOf(examined);
        if (start < _start || seen < start || seen > _end)
        {
            throw new InvalidOperationException("The positions are not of what was last read, or the examined one is before the consumed one.");
        }

        _start = start;
        _examined = seen;
        Volatile.Write(ref _hasUnread, seen < _end);
        ReleaseIfConsumed();
        if (WatchesWhileUnread)
        {
            Watch();
        }
    }

    public sealed override void CancelPendingRead()
    {
        // A full fence: whoever begins to wait sees this, or is seen to wait.
        Interlocked.Exchange(ref _isCancelling, 1);
        CancelIfAwaited();
    }

    public sealed override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        if (MustKeepRoom)
        {
            // Left to the receive, and to the collector then.
            _buffer = [];
        }

        _start = _end = _examined = 0;
        Volatile.Write(ref _hasUnread, false);
        ReleaseIfConsumed();
    }

    /// <summary>Is called when a read has begun to receive and is about to wait. Must not throw.</summary>
    protected virtual void OnWaiting()
    {
    }

    /// <summary>Makes of what a receive threw what the reader is to see.</summary>
    protected virtual Exception Failure(Exception exception) => exception;

    /// <summary>Is called when the peer has finished sending, or is gone. May be called more than once.</summary>
    protected virtual void OnEnd()
    {
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => ResultOf(_promise.GetResult(token));

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _promise.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _promise.OnCompleted(continuation, state, token, flags);

    /// <summary>Shows what there is, if that is something new.</summary>
    private bool TryShow(out ReadResult result)
    {
        if (Volatile.Read(ref _state) == Unseen)
        {
            TakeUnseen();
        }

        var isCancelled = Volatile.Read(ref _isCancelling) != 0 && Interlocked.Exchange(ref _isCancelling, 0) != 0;
        var isNew = isCancelled || _examined < _end || _isAtEnd;
        if (!isNew)
        {
            result = default;
            return false;
        }

        Volatile.Write(ref _hasUnread, false);
        result = ResultOf(isCancelled);
        return true;
    }

    private ReadResult ResultOf(bool isCancelled) =>
        new(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), isCancelled, _isAtEnd);

    /// <summary>Receives; false when that has to be waited for.</summary>
    private bool TryReceive()
    {
        while (true)
        {
            _isFilling = _receivesAtOnce;
            var receive = Begin(_isFilling ? Room() : Memory<byte>.Empty);
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

        // Filled to the brim: there may be more.
        _receivesAtOnce = count == _buffer.Length - _end;
        _lastCount = count;
        _end += count;
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

    private Exception Failed(Exception exception)
    {
        ReleaseIfConsumed();
        return Failure(exception);
    }

    private ConfiguredReceive Begin(Memory<byte> room) => _connection.ReadAsync(room).ConfigureAwait(false).GetAwaiter();

    /// <summary>Makes room behind the unread bytes. Nothing shown before is valid any more.</summary>
    private Memory<byte> Room()
    {
        var unread = _end - _start;
        if (_buffer.Length - _end < LeastRoom)
        {
            if (_buffer.Length - unread >= _buffer.Length / 2 && _buffer.Length > 0)
            {
                MoveTo(_buffer, unread);
            }
            else
            {
                var larger = ArrayPool<byte>.Shared.Rent(NextSize(unread));
                var old = _buffer;
                MoveTo(larger, unread);
                Return(old);
            }
        }

        return _buffer.AsMemory(_end);
    }

    private void MoveTo(byte[] target, int unread)
    {
        _buffer.AsSpan(_start, unread).CopyTo(target);
        _buffer = target;
        _examined -= _start;
        _start = 0;
        _end = unread;
    }

    // Twice what came last: a stream that fills its buffers soon has large ones, a request a small one.
    private int NextSize(int unread) =>
        Math.Max(Math.Clamp(_lastCount * 2, FirstBufferSize, LargestBufferSize), checked(unread * 2));

    private void ReleaseIfConsumed()
    {
        if (_start != _end || MustKeepRoom)
        {
            return;
        }

        var old = _buffer;
        _buffer = [];
        _start = _end = _examined = 0;
        Return(old);
    }

    private static void Return(byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private int IndexOf(SequencePosition position)
    {
        var owner = position.GetObject();
        if (owner == _buffer)
        {
            return position.GetInteger();
        }

        return owner is null ? _start : -1;
    }

    private void ThrowIfCompleted()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Reading is over: the reader was completed.");
        }
    }
}
