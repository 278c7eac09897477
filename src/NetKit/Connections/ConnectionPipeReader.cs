using System.IO.Pipelines;

namespace NetKit;

/// <summary>Reads a connection as a pipe, with no pipe in between: what is received goes straight into the buffer that is shown.</summary>
/// <remarks>
/// A receive is abandoned, not cancelled, when its reader gives up: it stays, and serves the next read. Invariant:
/// <c>_state</c> says who goes on when it ends, and all other fields belong to that one: to the reader, but while it waits
/// to the receive.
/// </remarks>
internal partial class ConnectionPipeReader : PipeReader
{
    private readonly Connection _connection;
    private UnreadBytes _unread = new();
    private int _isCancelling; // 0 or 1: somebody wants the read that waits to end, or else the next one
    private bool _receivesAtOnce; // with a buffer, and without waiting first
    private bool _isFilling; // the last receive has, or had, room among the unread bytes
    private bool _isAtEnd;
    private bool _isCompleted;
    private bool _hasDropped; // bytes that were unread when it was completed
    private bool _hasUnread; // written by the reader, looked at by anybody

    public ConnectionPipeReader(Connection connection) => _connection = connection;

    /// <summary>Whether the next read has something to show that has come already. To anybody but the reader this is only a hint.</summary>
    public bool HasUnread => Volatile.Read(ref _hasUnread);

    /// <summary>Whether all that was received has been consumed. While nobody reads.</summary>
    public bool IsEmpty => !_hasDropped && _unread.IsEmpty && Volatile.Read(ref _state) == Idle;

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
                // Looked at once: between two looks a receive that was abandoned may end, and another must not begin before it is shown.
                var state = Volatile.Read(ref _state);
                if (state == Unseen)
                {
                    continue;
                }

                var isUnderWay = state == Abandoned;
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
        _unread.Advance(consumed, examined);
        Volatile.Write(ref _hasUnread, _unread.HasUnseen);
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
        _hasDropped = !_unread.IsEmpty;
        Volatile.Write(ref _hasUnread, false);
        if (MustKeepRoom)
        {
            _unread.Leave();
        }
        else
        {
            _unread.Release();
        }
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

    /// <summary>Shows what there is, if that is something new.</summary>
    private bool TryShow(out ReadResult result)
    {
        if (Volatile.Read(ref _state) == Unseen)
        {
            TakeUnseen();
        }

        var isCancelled = Volatile.Read(ref _isCancelling) != 0 && Interlocked.Exchange(ref _isCancelling, 0) != 0;
        var isNew = isCancelled || _unread.HasUnseen || _isAtEnd;
        if (!isNew)
        {
            result = default;
            return false;
        }

        Volatile.Write(ref _hasUnread, false);
        result = ResultOf(isCancelled);
        return true;
    }

    private ReadResult ResultOf(bool isCancelled) => new(_unread.All, isCancelled, _isAtEnd);

    private Exception Failed(Exception exception)
    {
        ReleaseIfConsumed();
        return Failure(exception);
    }

    private void ReleaseIfConsumed()
    {
        if (!MustKeepRoom)
        {
            _unread.ReleaseIfConsumed();
        }
    }

    private void ThrowIfCompleted()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Reading is over: the reader was completed.");
        }
    }
}
