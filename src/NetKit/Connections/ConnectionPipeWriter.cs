using System.IO.Pipelines;

namespace NetKit;

/// <summary>Writes a connection as a pipe, with no pipe in between: a flush is one write of all that was written.</summary>
/// <remarks>
/// A flush ends when the transport has taken the bytes; that is the back-pressure. When its caller gives up, the bytes are
/// sent all the same, and the next flush waits for them first.
/// </remarks>
internal class ConnectionPipeWriter : PipeWriter
{
    private readonly Connection _connection;
    private PipeBuffer? _first;
    private PipeBuffer? _last;
    private PendingFlush? _pending; // made by the first flush that has to wait
    private long _unflushed;
    private int _isCancelling; // 0 or 1: somebody wants the next flush to end at once
    private volatile bool _isBroken;
    private bool _isCompleted;

    public ConnectionPipeWriter(Connection connection) => _connection = connection;

    public sealed override bool CanGetUnflushedBytes => true;

    public sealed override long UnflushedBytes => _unflushed;

    public sealed override Memory<byte> GetMemory(int sizeHint = 0) => BufferFor(sizeHint).Room;

    public sealed override Span<byte> GetSpan(int sizeHint = 0) => BufferFor(sizeHint).Room.Span;

    public sealed override void Advance(int bytes)
    {
        if (_last is { } last)
        {
            last.Advance(bytes);
            _unflushed += bytes;
        }
        else if (bytes != 0)
        {
            throw new InvalidOperationException("Nothing was asked for to be written to.");
        }
    }

    public sealed override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        var isCancelled = Volatile.Read(ref _isCancelling) != 0 && Interlocked.Exchange(ref _isCancelling, 0) != 0;
        var written = TakeWritten();
        if (_pending is { } pending && pending.TryJoin(written, isCancelled, cancellationToken, out var flush))
        {
            return flush;
        }

        if (written is null || _isBroken)
        {
            PipeBuffer.Return(written);
            return new ValueTask<FlushResult>(ResultOf(isCancelled));
        }

        var send = Send(written);
        return send.IsCompleted
            ? End(send, written, isCancelled)
            : (_pending ??= new PendingFlush(this)).BeginAsync(send, written, isCancelled, cancellationToken);
    }

    public sealed override void CancelPendingFlush()
    {
        if (_pending is not { } pending || !pending.TryCancel())
        {
            Interlocked.Exchange(ref _isCancelling, 1);
        }
    }

    /// <summary>Ends writing. What was written and not flushed is sent; not waited for.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        var last = TakeWritten();
        if (last is null || exception is not null || _isBroken)
        {
            PipeBuffer.Return(last);
        }
        else if (_pending is not { } pending || !pending.TryQueue(last))
        {
            SendLast(last);
        }
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        Complete(exception);
        await WhenSentAsync().ConfigureAwait(false);
    }

    /// <summary>Waits until all that was flushed is sent, or lost.</summary>
    public ValueTask WhenSentAsync() => _pending?.WhenSentAsync() ?? ValueTask.CompletedTask;

    /// <summary>Makes of what a send threw what the writer is to see; null: that nobody reads any more.</summary>
    protected virtual Exception? Failure(Exception exception) => exception;

    internal ValueTask Send(PipeBuffer first)
    {
        var sequence = first.ToSequence();
        return sequence.IsSingleSegment ? _connection.WriteAsync(sequence.First) : _connection.WriteAsync(sequence);
    }

    /// <summary>Hears why a send failed. What it returns is for the writer to see.</summary>
    internal Exception? OnFailed(Exception exception)
    {
        var failure = Failure(exception);
        _isBroken |= failure is null;
        return failure;
    }

    internal FlushResult ResultOf(bool isCancelled) => new(isCancelled, _isBroken);

    private ValueTask<FlushResult> End(ValueTask send, PipeBuffer written, bool isCancelled)
    {
        try
        {
            send.GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            if (OnFailed(exception) is { } failure)
            {
                return ValueTask.FromException<FlushResult>(failure);
            }
        }
        finally
        {
            PipeBuffer.Return(written);
        }

        return new ValueTask<FlushResult>(ResultOf(isCancelled));
    }

    // Whoever completed the writer has gone: a failure is for the connection's other users to meet.
    private void SendLast(PipeBuffer last)
    {
        var send = Send(last);
        var end = send.IsCompleted
            ? End(send, last, isCancelled: false)
            : (_pending ??= new PendingFlush(this)).BeginAsync(send, last, isCancelled: false, CancellationToken.None);
        if (end.IsFaulted)
        {
            _ = end.AsTask().Exception;
        }
    }

    private PipeBuffer BufferFor(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        if (_isCompleted)
        {
            throw new InvalidOperationException("Writing is over: the writer was completed.");
        }

        if (_last is not { } last || last.RoomLength < Math.Max(sizeHint, 1))
        {
            _last = last = PipeBuffer.Rent(_last, sizeHint);
            _first ??= last;
        }

        return last;
    }

    private PipeBuffer? TakeWritten()
    {
        var first = _first;
        _first = _last = null;
        if (_unflushed == 0)
        {
            PipeBuffer.Return(first);
            return null;
        }

        _unflushed = 0;
        return first;
    }
}
