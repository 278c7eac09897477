using System.Net.Sockets;

namespace NetKit;

internal abstract partial class ReadinessConnection
{
    private protected sealed override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        return _readTurn.TryEnter()
            ? ReceiveInTurn(buffer, ReadLimit, cancellationToken)
            : ReceiveAfterOthersAsync(buffer, cancellationToken);
    }

    /// <summary>Lets the operation wait until there is something to read. The caller owns it and gives it up here.</summary>
    internal void WaitToReceive(ReadOperation operation)
    {
        Publish(Reading, operation);
        ArmReceive();
    }

    /// <summary>Is called by the transport when a wait ends. Harmless when nobody waits any more.</summary>
    /// <param name="inline">Whether the awaiting code may run on this thread, before this returns.</param>
    private protected void OnReceiveReady(bool inline)
    {
        Reading.Take()?.Resume(inline);
    }

    /// <summary>As <see cref="OnReceiveReady"/>, for a transport that tells from within somebody else's call.</summary>
    private protected void OnReceiveReadyElsewhere() => Reading.Take()?.ResumeElsewhere();

    private async ValueTask<int> ReceiveAfterOthersAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var limit = FromNow(ReadLimit);
        ThrowIfLate(await _readTurn.EnterAsync(limit, cancellationToken).ConfigureAwait(false), "read");
        return await ReceiveInTurn(buffer, limit.Patience, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<int> ReceiveInTurn(Memory<byte> buffer, TimeSpan patience, CancellationToken cancellationToken)
    {
        var refusal = Refusal(Reading);
        var status = SocketError.Success;
        if (refusal == OperationEnd.Transport)
        {
            int count;
            try
            {
                count = TryReceive(buffer.Span, out status);
            }
            catch (Exception exception)
            {
                // The caller's own memory failed, not the connection.
                _readTurn.Exit();
                return ValueTask.FromException<int>(exception);
            }

            if (status == SocketError.Success)
            {
                CountReceived(count);
                _readTurn.Exit();
                return new ValueTask<int>(count);
            }

            if (status == SocketError.WouldBlock)
            {
                var operation = (ReadOperation?)Reading.TakeSpare() ?? new ReadOperation(Reading);
                Reading.LimitOperation(patience);
                var promise = operation.Begin(this, buffer, cancellationToken);
                WaitToReceive(operation);
                return promise;
            }

            refusal = EndOf(status);
        }

        _readTurn.Exit();
        return ValueTask.FromException<int>(Failure("read", status, refusal, bytesTransferred: 0, cancellationToken));
    }
}
