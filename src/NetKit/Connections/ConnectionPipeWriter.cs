using System.IO.Pipelines;

namespace NetKit;

/// <summary>Writes a connection as a pipe, with no pipe in between: a flush is one write of all that was written.</summary>
/// <remarks>
/// <para>A flush ends when the transport has taken the bytes; that is the back-pressure. When its caller gives up, the bytes are
/// sent all the same, and the next flush waits for them first.</para>
/// <para>Whoever owns the connection may derive a writer that gathers, by <see cref="MayHold"/>: its flush may end before the
/// bytes are sent. Not for a pipe that somebody else may write beside, half-close or close the connection of.</para>
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
        var length = _unflushed;
        var written = TakeWritten();
        if (_pending is { IsIdle: false } pending && pending.TryJoin(written, length, MayHold, isCancelled, cancellationToken, out var flush))
        {
            return flush;
        }

        if (written is null || _isBroken)
        {
            PipeBuffer.Return(written);
            return new ValueTask<FlushResult>(ResultOf(isCancelled));
        }

        if (length <= PendingFlush.MostHeld && MayHold)
        {
            (_pending ??= new PendingFlush(this)).Hold(written, length);
            return new ValueTask<FlushResult>(ResultOf(isCancelled));
        }

        var send = Send(written);
        return send.IsCompleted
            ? End(send, written, isCancelled)
            : (_pending ??= new PendingFlush(this)).BeginAsync(send, written, isCancelled, cancellationToken);
    }

    /// <summary>Tells whether a send is under way, or about to be. To anybody but the writer this is only a hint.</summary>
    public bool IsSending => _pending is { IsIdle: false };

    /// <summary>Sends what is held back, if there is something. Any thread may ask for it at any time; the answer is not waited for.</summary>
    public void SendHeld()
    {
        if (_pending is { IsHolding: true } pending)
        {
            pending.SendHeld();
        }
    }

    public sealed override void CancelPendingFlush()
    {
        if (_pending is not { } pending || !pending.TryCancel())
        {
            Interlocked.Exchange(ref _isCancelling, 1);
        }
    }

    /// <summary>Ends writing. What was written and not flushed is sent, if there is no exception; what was held back in any case. It is not waited for.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        var length = _unflushed;
        var last = TakeWritten();
        if (exception is not null || _isBroken)
        {
            PipeBuffer.Return(last);
            last = null;
        }

        if ((_pending is not { } pending || !pending.TryFinish(last, length)) && last is not null)
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

    /// <summary>Whether what is flushed may be held back for a moment, because more is about to be flushed, as it seems. Asked at each flush.</summary>
    protected virtual bool MayHold => false;

    /// <summary>Makes of what a send threw what the writer is to see; null: that nobody reads any more.</summary>
    protected virtual Exception? Failure(Exception exception) => exception;

    /// <summary>Runs what sends the held bytes, if nobody has sent them before: after what now runs on this thread, which may flush more.</summary>
    internal virtual void Schedule(IThreadPoolWorkItem sending) => LoopThread.RunNext(sending);

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
