using System.Buffers;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Makes the whole contract out of a transport that can only try, and say when to try again.</summary>
/// <remarks>
/// <para>This is the seam. A transport brings <see cref="TryReceive"/> and <see cref="TrySend(in ReadOnlySequence{byte}, out SocketError)"/>,
/// which never wait, and <see cref="ArmReceive"/> and <see cref="ArmSend"/>, which see to it that
/// <see cref="OnReceiveReady"/> and <see cref="OnSendReady"/> are called once when another try is worth it. Deadlines, tokens,
/// turns, close and exactly-once completion are here, the same for all.</para>
/// <para>A wait is abandoned, not cancelled: when a deadline or token ends a read, the transport's wait stays armed and
/// serves the next read. No data is ever taken without an operation to give it to, so none can be lost.</para>
/// </remarks>
internal abstract partial class ReadinessConnection : Connection
{
    private Turn _readTurn;
    private Turn _writeTurn;
    private volatile CloseCause _closedFor;
    private bool _writesCompleted; // guarded by the writing turn
    private uint _sent; // likewise; only grows, and wraps around

    private protected ReadinessConnection(DeadlineScheduler scheduler)
        : this(new ConnectionHalf(scheduler))
    {
    }

    private protected ReadinessConnection(ConnectionHalf reading)
        : base(reading)
    {
    }

    /// <summary>Whether awaiting code goes on in the thread pool, on a transport that has another place. (Here there is room for a byte; in the transport it costs eight.)</summary>
    private protected bool ContinuesElsewhere { get; set; }

    /// <summary>Tells whether the connection was closed or aborted on this side.</summary>
    internal bool IsClosed => _closedFor != CloseCause.None;

    internal sealed override CloseCause ClosedFor => _closedFor;

    internal sealed override uint Sent => Volatile.Read(ref _sent);

    /// <summary>Reads what is there, without waiting. For an empty buffer: succeeds when a read would not have to wait.</summary>
    internal abstract int TryReceive(Span<byte> buffer, out SocketError status);

    /// <summary>Takes what there is room for, without waiting. <see cref="SocketError.Success"/> means all; for an empty buffer, that nothing taken before is still on its way.</summary>
    internal abstract int TrySend(ReadOnlySpan<byte> buffer, out SocketError status);

    /// <summary>As <see cref="TrySend(ReadOnlySpan{byte}, out SocketError)"/>, for buffers that belong together.</summary>
    internal virtual long TrySend(in ReadOnlySequence<byte> buffers, out SocketError status)
    {
        status = SocketError.Success;
        var taken = 0L;
        foreach (var segment in buffers)
        {
            taken += TrySend(segment.Span, out status);
            if (status != SocketError.Success)
            {
                break;
            }
        }

        return taken;
    }

    /// <summary>Advances a write by what its wait for room has sent by itself; false while that is not known yet.</summary>
    internal virtual bool TrySettleSend(WriteOperation operation) => true;

    /// <summary>Whether bytes come from and go to the peer here, and not by way of a stream that may be a connection itself.</summary>
    private protected virtual bool IsTransport => true;

    /// <summary>Asks a wait for room to end soon.</summary>
    internal virtual void StopWaitingToSend()
    {
    }

    /// <summary>Sees to it that <see cref="OnReceiveReady"/> is called when there is something to read. A wait under way is enough.</summary>
    private protected abstract void ArmReceive();

    /// <summary>Takes what a wait for room needs of the write, while nobody else can end it. Most transports need nothing.</summary>
    private protected virtual void PrepareToWait(WriteOperation operation)
    {
    }

    /// <summary>Sees to it that <see cref="OnSendReady"/> is called when there is room. A wait under way is enough.</summary>
    private protected abstract void ArmSend();

    /// <summary>Tells the peer that no more data will come. Called once, when all writes are done.</summary>
    private protected abstract void ShutdownSend();

    /// <summary>Gives the transport up politely. Called once, when no operation is on its way. Never throws.</summary>
    private protected abstract ValueTask ReleaseAsync();

    /// <summary>As <see cref="ReleaseAsync"/>, for callers that cannot await.</summary>
    private protected abstract void Release();

    /// <summary>Gives the transport up with a reset. Never throws; harmless after a polite end.</summary>
    private protected abstract void Reset();

    /// <summary>What the transport itself reported behind a status.</summary>
    private protected virtual Exception CauseOf(string operation, SocketError status) => new SocketException((int)status);

    /// <summary>Makes the exception of a failed operation: one identity per event.</summary>
    internal Exception Failure(string operation, SocketError status, OperationEnd end, long bytesTransferred, CancellationToken token)
    {
        if (end == OperationEnd.Cancelled)
        {
            return new OperationCanceledException(token);
        }

        if (end == OperationEnd.DeadlineExceeded)
        {
            return DeadlineExceeded(operation, bytesTransferred);
        }

        if (end == OperationEnd.Closed || status == SocketError.OperationAborted)
        {
            return ClosedFailure(operation, bytesTransferred);
        }

        var cause = CauseOf(operation, status);
        if (cause is SocketException socketException)
        {
            return SocketErrors.ToException(socketException, operation, LocalEndPoint, RemoteEndPoint, bytesTransferred);
        }

        var error = SocketErrors.ToConnectionError(status);
        var detail = error == ConnectionError.Unknown ? cause.Message : null;
        return new ConnectionException(error, operation, LocalEndPoint, RemoteEndPoint, cause, bytesTransferred, detail);
    }

    private ConnectionException ClosedFailure(string operation, long bytesTransferred) => _closedFor.Sentence() is { } sentence
        ? new ConnectionException(
            ConnectionError.TimedOut, operation, LocalEndPoint, RemoteEndPoint, new TimeoutException(sentence), bytesTransferred, sentence)
        : new ConnectionException(ConnectionError.Closed, operation, LocalEndPoint, RemoteEndPoint, innerException: null, bytesTransferred);

    /// <summary>Counts bytes that the transport has taken. In turn.</summary>
    internal void CountSent(long count)
    {
        _sent += (uint)count;
        if (Traffic.IsCounted && IsTransport)
        {
            Traffic.AddSent(count);
        }
    }

    /// <summary>Counts bytes that the transport has given. In turn.</summary>
    internal void CountReceived(int count)
    {
        Reading.CountReceived(count);
        if (Traffic.IsCounted && IsTransport)
        {
            Traffic.AddReceived(count);
        }
    }

    /// <summary>What ended an operation that failed in the transport: whatever the system says of a socket that is going away, the reason is that we closed it.</summary>
    internal OperationEnd EndOf(SocketError status) =>
        status != SocketError.Success && IsClosed ? OperationEnd.Closed : OperationEnd.Transport;

    /// <summary>Why an operation must not even begin; <see cref="OperationEnd.Transport"/> when it may.</summary>
    private OperationEnd Refusal(ConnectionHalf? half)
    {
        if (IsClosed)
        {
            return OperationEnd.Closed;
        }

        return half is { HasPassed: true } ? OperationEnd.DeadlineExceeded : OperationEnd.Transport;
    }

    /// <summary>Ends the turn of a read: nothing of it touches its buffer any more.</summary>
    internal void ExitReading() => _readTurn.Exit();

    /// <summary>Ends the turn of a write: nothing of it touches its buffers any more.</summary>
    internal void ExitWriting() => _writeTurn.Exit();

    /// <summary>Throws when the turn did not come in time.</summary>
    private void ThrowIfLate(bool entered, string operation)
    {
        if (!entered)
        {
            throw DeadlineExceeded(operation);
        }
    }

    /// <summary>When an operation that is called now must have ended, by the timeout of its own.</summary>
    private Deadline FromNow(TimeSpan limit) => Deadline.After(limit, Reading.Scheduler.TimeProvider);

    /// <summary>Publishes an operation, and looks again at each reason that may have come up before it could be seen.</summary>
    private void Publish(ConnectionHalf half, PendingOperation operation)
    {
        half.Publish(operation);
        if (IsClosed)
        {
            Interrupt(half, operation, OperationEnd.Closed);
        }
        else if (operation.IsCancelled)
        {
            Interrupt(half, operation, OperationEnd.Cancelled);
        }
        else
        {
            half.Watch();
        }
    }

    private static void Interrupt(ConnectionHalf half, PendingOperation operation, OperationEnd reason)
    {
        if (!half.TryTake(operation))
        {
            return;
        }

        if (reason == OperationEnd.Cancelled && !operation.IsCancelled)
        {
            // Ended, fetched and put to use again since we looked: nobody cancelled what it does now.
            operation.WaitOn();
        }
        else
        {
            operation.End(reason);
        }
    }
}
