using System.Net.Sockets;

namespace NetKit;

/// <summary>A read that found no data and waits for some.</summary>
internal sealed class ReadOperation : PendingOperation
{
    private Memory<byte> _buffer;

    public ReadOperation(ConnectionHalf half)
        : base(half)
    {
    }

    /// <summary>Takes what the read was called with.</summary>
    public ValueTask<int> Begin(ReadinessConnection connection, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _buffer = buffer;
        Begin(connection, cancellationToken);
        return new ValueTask<int>(this, Version);
    }

    public override void WaitOn() => Connection.WaitToReceive(this);

    public override void End(OperationEnd reason)
    {
        Interruption = reason;
        Finish(0, SocketError.Success, inline: false);
    }

    public override void Resume(bool inline)
    {
        int count;
        SocketError status;
        try
        {
            count = Connection.TryReceive(_buffer.Span, out status);
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

        Connection.CountReceived(count);
        Interruption = Connection.EndOf(status);
        Finish(count, status, inline);
    }

    protected override Exception Failure(SocketError status, OperationEnd end, CancellationToken token) =>
        Connection.Failure("read", status, end, bytesTransferred: 0, token);

    protected override void Clear() => _buffer = default;

    protected override void ExitTurn() => Connection.ExitReading();
}
