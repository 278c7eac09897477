using System.Diagnostics;
using System.IO.Pipelines;
using ConfiguredSend = System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter;

namespace NetKit;

/// <summary>What was flushed and is not sent yet: it is held back, or waits for the transport.</summary>
/// <remarks>
/// <para>Held back is what was flushed while more to be flushed is expected: a few of them are sent as one. Their flushes have
/// ended, so somebody must be bound to send them. Invariant: while anything is held, a work item is on its way that sends it,
/// also if nobody ever flushes or reads again. Whatever sends it earlier leaves that item with nothing to do.</para>
/// <para>Only the writer leaves <see cref="State.Idle"/>; so to the writer, who sees it without the gate, it stays so. All
/// that is sent passes through one queue, by whoever came into <see cref="State.Sending"/>: in the order of the flushes, one
/// send at a time.</para>
/// </remarks>
internal sealed partial class PendingFlush : IThreadPoolWorkItem
{
    /// <summary>The most bytes that are held back: some hundred small answers. For larger ones a call to the system more or less does not count.</summary>
    public const int MostHeld = 16 * 1024;

    private readonly Lock _gate = new(); // guards all but the send under way, and the promise once it is claimed
    private readonly ConnectionPipeWriter _writer;
    private readonly Action _onSent;
    private volatile State _state;
    private ConfiguredSend _send;
    private PipeBuffer? _sending;
    private PipeBuffer? _queued;
    private PipeBuffer? _lastQueued;
    private long _queuedLength;
    private Exception? _loss; // of bytes whose flush had ended
    private bool _isScheduled; // the work item is on its way
    private TaskCompletionSource? _sent;

    public PendingFlush(ConnectionPipeWriter writer)
    {
        _writer = writer;
        _onSent = () => Proceed(inline: true);
    }

    private enum State
    {
        Idle,

        // Something is queued, and nothing is being sent.
        Holding,

        // One send is under way. What is queued meanwhile follows it.
        Sending,

        // As idle, but that the next flush is to hear of _loss.
        Lost,
    }

    /// <summary>Whether there is nothing to send, and nothing to tell. To be asked by the writer.</summary>
    public bool IsIdle => _state == State.Idle;

    /// <summary>Whether something is held back. To anybody but the writer this is only a hint.</summary>
    public bool IsHolding => _state == State.Holding;

    /// <summary>Holds back what was flushed. While idle.</summary>
    public void Hold(PipeBuffer written, long length)
    {
        bool schedules;
        lock (_gate)
        {
            Debug.Assert(_state == State.Idle && length <= MostHeld, "Only the writer holds, and only when it has found nothing else to send.");
            Queue(written, length);
            _state = State.Holding;
            schedules = !_isScheduled;
            _isScheduled = true;
        }

        if (schedules)
        {
            _writer.Schedule(this);
        }
    }

    /// <summary>Sends what is held back, if there is something; for nobody who waits.</summary>
    public void SendHeld()
    {
        PipeBuffer? held;
        lock (_gate)
        {
            held = TakeHeld();
        }

        // Not inline: whoever flushes meanwhile must not go on in the middle of what our caller does.
        Begin(held, inline: false);
    }

    /// <summary>Waits for a send that has begun.</summary>
    public ValueTask<FlushResult> BeginAsync(ValueTask send, PipeBuffer sending, bool isCancelled, CancellationToken cancellationToken)
    {
        ValueTask<FlushResult> promise;
        lock (_gate)
        {
            Debug.Assert(_state == State.Idle && _sending is null, "Nobody else may send, and only the writer leaves that state.");
            _state = State.Sending;
            _sending = sending;
            promise = Await(isCancelled, cancellationToken);
        }

        Continue(send);
        LookForCancellation(cancellationToken);
        return promise;
    }

    /// <summary>Sends what was written after what is not sent yet; or holds that back too. False while idle.</summary>
    /// <param name="written">What was written since the last flush; null for nothing.</param>
    /// <param name="length">How many bytes that is.</param>
    /// <param name="mayHold">Whether more to be flushed is expected.</param>
    /// <param name="isCancelled">Whether the flush was cancelled beforehand: it waits for nothing.</param>
    /// <param name="cancellationToken">Ends the wait only.</param>
    /// <param name="flush">What the caller of the flush awaits.</param>
    public bool TryJoin(
        PipeBuffer? written, long length, bool mayHold, bool isCancelled, CancellationToken cancellationToken, out ValueTask<FlushResult> flush)
    {
        PipeBuffer? held;
        lock (_gate)
        {
            flush = default;
            if (_state == State.Idle)
            {
                return false;
            }

            if (_state == State.Lost)
            {
                PipeBuffer.Return(written);
                flush = ValueTask.FromException<FlushResult>(_loss!);
                _loss = null;
                _state = State.Idle;
                return true;
            }

            Queue(written, length);
            if (_state == State.Holding && mayHold && _queuedLength <= MostHeld)
            {
                Debug.Assert(_isScheduled, "Whoever holds something has scheduled the item that sends it.");
                flush = new ValueTask<FlushResult>(_writer.ResultOf(isCancelled));
                return true;
            }

            if (_isAwaited)
            {
                throw new InvalidOperationException("A flush is under way already.");
            }

            flush = Await(isCancelled, cancellationToken);
            held = TakeHeld();
        }

        Begin(held, inline: false);
        LookForCancellation(cancellationToken);
        return true;
    }

    /// <summary>Sends what is held back or queued, and then what was written last; for nobody who waits. False while idle.</summary>
    public bool TryFinish(PipeBuffer? last, long length)
    {
        PipeBuffer? held;
        lock (_gate)
        {
            if (_state == State.Idle)
            {
                return false;
            }

            if (_state == State.Lost)
            {
                PipeBuffer.Return(last);
                return true;
            }

            Queue(last, length);
            held = TakeHeld();
        }

        Begin(held, inline: false);
        return true;
    }

    /// <summary>Waits until nothing is left to be sent.</summary>
    public ValueTask WhenSentAsync()
    {
        lock (_gate)
        {
            if (_state is State.Idle or State.Lost)
            {
                return ValueTask.CompletedTask;
            }

            _sent ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_sent.Task);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        PipeBuffer? held;
        lock (_gate)
        {
            _isScheduled = false;
            held = TakeHeld();
        }

        Begin(held, inline: true);
    }

    private void Continue(ValueTask send)
    {
        _send = send.ConfigureAwait(false).GetAwaiter();
        _send.UnsafeOnCompleted(_onSent);
    }

    /// <summary>Takes what is held back, to send it; null when nothing is. Under the gate.</summary>
    private PipeBuffer? TakeHeld()
    {
        if (_state != State.Holding)
        {
            return null;
        }

        _state = State.Sending;
        return TakeQueued();
    }

    private PipeBuffer? TakeQueued()
    {
        _sending = _queued;
        _queued = _lastQueued = null;
        _queuedLength = 0;
        return _sending;
    }

    private void Begin(PipeBuffer? next, bool inline)
    {
        if (next is not null && TrySend(next))
        {
            Proceed(inline);
        }
    }

    /// <summary>Sends; false when that has to be waited for.</summary>
    private bool TrySend(PipeBuffer next)
    {
        // By value: as soon as it is waited for, it may have ended and another may have begun.
        var send = _writer.Send(next).ConfigureAwait(false).GetAwaiter();
        _send = send;
        if (send.IsCompleted)
        {
            return true;
        }

        send.UnsafeOnCompleted(_onSent);
        return false;
    }

    /// <summary>Goes on after a send that has ended.</summary>
    /// <param name="inline">Whether what awaits a flush may run on this thread, before this returns.</param>
    private void Proceed(bool inline)
    {
        while (true)
        {
            Exception? failure = null;
            var isLost = false;
            try
            {
                _send.GetResult();
            }
            catch (Exception exception)
            {
                isLost = true;
                failure = _writer.OnFailed(exception);
            }

            if (!TrySendNext(isLost, failure, inline))
            {
                return;
            }
        }
    }

    /// <summary>Sends what was queued meanwhile; false when there is nothing, or it has to be waited for.</summary>
    private bool TrySendNext(bool isLost, Exception? failure, bool inline)
    {
        PipeBuffer? next;
        var isAwaited = false;
        lock (_gate)
        {
            Debug.Assert(_state == State.Sending, "Nothing ends but the one send that is under way.");
            PipeBuffer.Return(_sending);
            next = TakeQueued();
            if (isLost)
            {
                PipeBuffer.Return(next);
                _sending = next = null;
            }

            if (next is null)
            {
                isAwaited = _isAwaited;
                _isAwaited = false;
                Settle(isAwaited ? null : failure);
            }
        }

        if (next is not null)
        {
            return TrySend(next);
        }

        if (isAwaited)
        {
            Keep(failure, inline);
        }

        return false;
    }

    private void Settle(Exception? loss)
    {
        Debug.Assert(_queued is null, "Nobody is bound to send what is queued while idle.");
        _loss = loss;
        _state = loss is null ? State.Idle : State.Lost;
        _sent?.SetResult();
        _sent = null;
    }

    private void Queue(PipeBuffer? written, long length)
    {
        if (written is null)
        {
            return;
        }

        _queuedLength += length;
        if (_lastQueued is not { } last)
        {
            _queued = written;
        }
        else if (last.TryCopy(written))
        {
            // Answers are small: one buffer holds many, and one plain send takes it.
            PipeBuffer.Return(written);
            return;
        }
        else
        {
            last.Append(written);
        }

        while (written.Next is PipeBuffer next)
        {
            written = next;
        }

        _lastQueued = written;
    }
}
