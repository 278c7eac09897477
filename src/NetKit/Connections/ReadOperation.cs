using System.Net.Sockets;

namespace NetKit;

/// <summary>A read that found no data and waits for some.</summary>
internal sealed class ReadOperation : PendingOperation
{
    private Memory<byte> _buffer;

    public ReadOperation(ReadinessConnection connection)
        : base(connection)
    {
    }

    protected override ConnectionHalf Half => Connection.Reading;

    /// <summary>Takes what the read was called with.</summary>
    public ValueTask<int> Begin(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _buffer = buffer;
        Watch(cancellationToken);
        return new ValueTask<int>(this, Version);
    }

    public override void WaitOn() => Connection.WaitToReceive(this);

    public override void End(OperationEnd reason)
    {
        Interruption = reason;
        Finish(0, SocketError.Success, inline: false);
    }

    /// <summary>Reads, now that there may be something to read. The caller owns the operation and gives it up here.</summary>
    public void Resume(bool inline)
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

        Interruption = Connection.EndOf(status);
        Finish(count, status, inline);
    }

    protected override Exception Failure(SocketError status, OperationEnd end, CancellationToken token) =>
        Connection.Failure("read", status, end, bytesTransferred: 0, token);

    protected override void Clear() => _buffer = default;

    protected override void ExitTurn() => Connection.ExitReading();
}
