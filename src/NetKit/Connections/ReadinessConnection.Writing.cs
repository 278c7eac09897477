using System.Buffers;
using System.Net.Sockets;

namespace NetKit;

internal abstract partial class ReadinessConnection
{
    private protected sealed override ValueTask SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        return _writeTurn.TryEnter()
            ? SendInTurn(buffer, WriteLimit, cancellationToken)
            : SendAfterOthersAsync(new ReadOnlySequence<byte>(buffer), cancellationToken);
    }

    private protected sealed override ValueTask SendAsync(ReadOnlySequence<byte> buffers, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        return _writeTurn.TryEnter()
            ? SendInTurn(buffers, WriteLimit, cancellationToken)
            : SendAfterOthersAsync(buffers, cancellationToken);
    }

    private protected sealed override async ValueTask SendEndAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_writeTurn.TryEnter())
        {
            ThrowIfLate(await _writeTurn.EnterAsync(FromNow(WriteLimit), cancellationToken).ConfigureAwait(false), "complete writes");
        }

        try
        {
            if (_writesCompleted)
            {
                return;
            }

            var refusal = Refusal(WritingIfMade);
            if (refusal != OperationEnd.Transport)
            {
                throw Failure("complete writes", SocketError.Success, refusal, bytesTransferred: 0, cancellationToken);
            }

            ShutdownSend();
            _writesCompleted = true;
        }
        catch (SocketException exception)
        {
            throw Failure("complete writes", exception.SocketErrorCode, EndOf(exception.SocketErrorCode), bytesTransferred: 0, cancellationToken);
        }
        catch (ObjectDisposedException)
        {
            throw Failure("complete writes", SocketError.OperationAborted, OperationEnd.Closed, bytesTransferred: 0, cancellationToken);
        }
        finally
        {
            _writeTurn.Exit();
        }
    }

    /// <summary>Lets the operation wait until there is room. The caller owns it and gives it up here.</summary>
    internal void WaitToSend(WriteOperation operation)
    {
        PrepareToWait(operation);
        Publish(Writing, operation);
        ArmSend();
    }

    /// <summary>Lets an interrupted operation wait until its wait for room has ended. The caller owns it and gives it up here.</summary>
    internal void WaitForSettlement(WriteOperation operation)
    {
        Writing.Publish(operation);
        ArmSend();
    }

    /// <summary>Is called by the transport when a wait ends. Harmless when nobody waits any more.</summary>
    /// <param name="inline">Whether the awaiting code may run on this thread, before this returns.</param>
    private protected void OnSendReady(bool inline)
    {
        WritingIfMade?.Take()?.Resume(inline);
    }

    private async ValueTask SendAfterOthersAsync(ReadOnlySequence<byte> buffers, CancellationToken cancellationToken)
    {
        var limit = FromNow(WriteLimit);
        ThrowIfLate(await _writeTurn.EnterAsync(limit, cancellationToken).ConfigureAwait(false), "write");
        await SendInTurn(buffers, limit.Patience, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask SendInTurn(ReadOnlyMemory<byte> buffer, TimeSpan patience, CancellationToken cancellationToken)
    {
        var refusal = RefusalToSend();
        if (refusal != OperationEnd.Transport)
        {
            return EndSend(SocketError.Success, refusal, transferred: 0, cancellationToken);
        }

        int taken;
        SocketError status;
        try
        {
            taken = TrySend(buffer.Span, out status);
        }
        catch (Exception exception)
        {
            return EndSend(exception);
        }

        CountSent(taken);
        return status switch
        {
            SocketError.Success => EndSend(),
            SocketError.WouldBlock => WaitToSend(new ReadOnlySequence<byte>(buffer[taken..]), taken, patience, cancellationToken),
            _ => EndSend(status, EndOf(status), taken, cancellationToken),
        };
    }

    private ValueTask SendInTurn(ReadOnlySequence<byte> buffers, TimeSpan patience, CancellationToken cancellationToken)
    {
        var refusal = RefusalToSend();
        if (refusal != OperationEnd.Transport)
        {
            return EndSend(SocketError.Success, refusal, transferred: 0, cancellationToken);
        }

        long taken;
        SocketError status;
        try
        {
            taken = TrySend(buffers, out status);
        }
        catch (Exception exception)
        {
            return EndSend(exception);
        }

        CountSent(taken);
        return status switch
        {
            SocketError.Success => EndSend(),
            SocketError.WouldBlock => WaitToSend(buffers.Slice(taken), taken, patience, cancellationToken),
            _ => EndSend(status, EndOf(status), taken, cancellationToken),
        };
    }

    private ValueTask WaitToSend(ReadOnlySequence<byte> remaining, long transferred, TimeSpan patience, CancellationToken cancellationToken)
    {
        var operation = (WriteOperation?)Writing.TakeSpare() ?? new WriteOperation(Writing);
        Writing.LimitOperation(patience);
        var promise = operation.Begin(this, remaining, transferred, cancellationToken);
        WaitToSend(operation);
        return promise;
    }

    private OperationEnd RefusalToSend() => _writesCompleted ? OperationEnd.Closed : Refusal(WritingIfMade);

    private ValueTask EndSend()
    {
        _writeTurn.Exit();
        return ValueTask.CompletedTask;
    }

    // The caller's own memory failed, not the connection.
    private ValueTask EndSend(Exception exception)
    {
        _writeTurn.Exit();
        return ValueTask.FromException(exception);
    }

    private ValueTask EndSend(SocketError status, OperationEnd end, long transferred, CancellationToken cancellationToken)
    {
        _writeTurn.Exit();
        return ValueTask.FromException(Failure("write", status, end, transferred, cancellationToken));
    }
}
