using System.Buffers;
using System.Net.Sockets;

namespace NetKit;

/// <summary>A write that the transport could not take whole, and that waits for room.</summary>
internal sealed class WriteOperation : PendingOperation
{
    private ReadOnlySequence<byte> _remaining;
    private long _transferred;

    public WriteOperation(ConnectionHalf half)
        : base(half)
    {
    }

    /// <summary>Counts bytes that the transport has taken.</summary>
    public void Advance(long count)
    {
        _transferred += count;
        Connection.CountSent(count);
        _remaining = _remaining.Slice(count);
    }

    /// <summary>The first byte that the transport has not taken yet; false when it has taken all.</summary>
    public bool TryPeek(out byte next)
    {
        return new SequenceReader<byte>(_remaining).TryPeek(out next);
    }

    /// <summary>Takes what is left of the write, and how much of it is done.</summary>
    public ValueTask Begin(
        ReadinessConnection connection, ReadOnlySequence<byte> remaining, long transferred, CancellationToken cancellationToken)
    {
        _remaining = remaining;
        _transferred = transferred;
        Begin(connection, cancellationToken);
        return new ValueTask(this, Version);
    }

    public override void WaitOn() => Connection.WaitToSend(this);

    public override void End(OperationEnd reason)
    {
        // What came first stands, but for a close, after which nothing else counts.
        if (Interruption == OperationEnd.Transport || reason == OperationEnd.Closed)
        {
            Interruption = reason;
        }

        Connection.StopWaitingToSend();
        Resume(inline: false);
    }

    /// <summary>Writes on, now that there may be room, or ends when interrupted.</summary>
    /// <inheritdoc/>
    public override void Resume(bool inline)
    {
        if (!Connection.TrySettleSend(this))
        {
            // The wait itself may yet send a byte of this write. Nothing is sent, counted or ended until it has ended.
            if (Interruption == OperationEnd.Transport)
            {
                WaitOn();
            }
            else
            {
                Connection.WaitForSettlement(this);
            }

            return;
        }

        if (Interruption == OperationEnd.DeadlineExceeded && !Half.IsDue)
        {
            // The deadline was moved after it fired and before the write could leave: the move wins.
            Interruption = OperationEnd.Transport;
        }

        var status = SocketError.Success;
        if (Interruption == OperationEnd.Transport)
        {
            try
            {
                Advance(Connection.TrySend(_remaining, out status));
            }
            catch (Exception exception)
            {
                Fail(exception);
                return;
            }

            if (status == SocketError.WouldBlock)
            {
                WaitOn();
                return;
            }

            Interruption = Connection.EndOf(status);
        }
        else if (_remaining.IsEmpty)
        {
            // Finished all the same: success beats whatever came at the same moment.
            Interruption = OperationEnd.Transport;
        }

        Finish(0, status, inline);
    }

    protected override Exception Failure(SocketError status, OperationEnd end, CancellationToken token) =>
        Connection.Failure("write", status, end, _transferred, token);

    protected override void Clear()
    {
        _remaining = default;
        _transferred = 0;
    }

    protected override void ExitTurn() => Connection.ExitWriting();
}
