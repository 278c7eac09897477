using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using ConfiguredSend = System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter;

namespace NetKit;

/// <summary>A flush that waits for the transport, what is to be sent after it, and the promise that its caller awaits.</summary>
internal sealed class PendingFlush : IValueTaskSource<FlushResult>
{
    private readonly Lock _gate = new(); // guards all but the send under way and the promise once it is claimed
    private readonly ConnectionPipeWriter _writer;
    private readonly Action _onSent;
    private ConfiguredSend _send;
    private PipeBuffer? _sending;
    private PipeBuffer? _queued;
    private PipeBuffer? _lastQueued;
    private bool _isSending;
    private bool _isAwaited;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private TaskCompletionSource? _sent;
    private ManualResetValueTaskSourceCore<bool> _promise; // true: cancelled

    public PendingFlush(ConnectionPipeWriter writer)
    {
        _writer = writer;
        _onSent = OnSent;
    }

    /// <summary>Waits for a send that has begun.</summary>
    public ValueTask<FlushResult> BeginAsync(ValueTask send, PipeBuffer sending, bool isCancelled, CancellationToken cancellationToken)
    {
        ValueTask<FlushResult> promise;
        lock (_gate)
        {
            _isSending = true;
            _sending = sending;
            promise = Await(isCancelled, cancellationToken);
        }

        Continue(send);
        LookForCancellation(cancellationToken);
        return promise;
    }

    /// <summary>Waits for the send under way, and sends what was written since; false when none is.</summary>
    public bool TryJoin(PipeBuffer? written, bool isCancelled, CancellationToken cancellationToken, out ValueTask<FlushResult> promise)
    {
        lock (_gate)
        {
            promise = default;
            if (!_isSending)
            {
                return false;
            }

            Queue(written);
            if (_isAwaited)
            {
                throw new InvalidOperationException("A flush is under way already.");
            }

            promise = Await(isCancelled, cancellationToken);
        }

        LookForCancellation(cancellationToken);
        return true;
    }

    /// <summary>Sends what was written after the send under way, for nobody who waits; false when none is.</summary>
    public bool TryQueue(PipeBuffer written)
    {
        lock (_gate)
        {
            if (_isSending)
            {
                Queue(written);
            }

            return _isSending;
        }
    }

    /// <summary>Ends the wait of whoever flushes; false when nobody does.</summary>
    public bool TryCancel()
    {
        if (!TryClaim(token: null))
        {
            return false;
        }

        _registration.Dispose();
        _promise.RunContinuationsAsynchronously = true;
        _promise.SetResult(true);
        return true;
    }

    /// <summary>Waits until nothing is left to be sent.</summary>
    public ValueTask WhenSentAsync()
    {
        lock (_gate)
        {
            if (!_isSending)
            {
                return ValueTask.CompletedTask;
            }

            _sent ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_sent.Task);
        }
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token) => _writer.ResultOf(_promise.GetResult(token));

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) => _promise.GetStatus(token);

    void IValueTaskSource<FlushResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _promise.OnCompleted(continuation, state, token, flags);

    private ValueTask<FlushResult> Await(bool isCancelled, CancellationToken cancellationToken)
    {
        if (isCancelled)
        {
            return new ValueTask<FlushResult>(_writer.ResultOf(isCancelled: true));
        }

        _promise.Reset();
        _token = cancellationToken;
        _registration = cancellationToken.UnsafeRegister(static (state, token) => ((PendingFlush)state!).OnTokenCancelled(token), this);
        _isAwaited = true;
        return new ValueTask<FlushResult>(this, _promise.Version);
    }

    private void LookForCancellation(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            OnTokenCancelled(cancellationToken);
        }
    }

    private void OnTokenCancelled(CancellationToken token)
    {
        if (TryClaim(token))
        {
            // Within its own callback, or after it: not to be waited for.
            _registration.Unregister();
            _promise.RunContinuationsAsynchronously = true;
            _promise.SetException(new OperationCanceledException(token));
        }
    }

    private bool TryClaim(CancellationToken? token)
    {
        lock (_gate)
        {
            if (!_isAwaited || (token is { } cancelled && cancelled != _token))
            {
                return false;
            }

            _isAwaited = false;
            return true;
        }
    }

    private void Continue(ValueTask send)
    {
        _send = send.ConfigureAwait(false).GetAwaiter();
        _send.UnsafeOnCompleted(_onSent);
    }

    private void OnSent()
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

            if (!TrySendNext(isLost, failure))
            {
                return;
            }
        }
    }

    /// <summary>Sends what was queued meanwhile; false when there is nothing, or it has to be waited for.</summary>
    private bool TrySendNext(bool isLost, Exception? failure)
    {
        PipeBuffer? next = null;
        lock (_gate)
        {
            PipeBuffer.Return(_sending);
            _sending = null;
            if (isLost || _queued is null)
            {
                Settle();
                if (!_isAwaited)
                {
                    return false;
                }

                _isAwaited = false;
            }
            else
            {
                _sending = next = _queued;
                _queued = _lastQueued = null;
            }
        }

        if (next is null)
        {
            Keep(failure);
            return false;
        }

        var send = _writer.Send(next).ConfigureAwait(false).GetAwaiter();
        _send = send;
        if (send.IsCompleted)
        {
            return true;
        }

        send.UnsafeOnCompleted(_onSent);
        return false;
    }

    private void Settle()
    {
        PipeBuffer.Return(_queued);
        _queued = _lastQueued = null;
        _isSending = false;
        _sent?.SetResult();
        _sent = null;
    }

    private void Keep(Exception? failure)
    {
        _registration.Dispose();
        if (failure is null)
        {
            // Inline, where the send has ended: the connection has decided where that is.
            _promise.RunContinuationsAsynchronously = false;
            _promise.SetResult(false);
        }
        else
        {
            _promise.RunContinuationsAsynchronously = true;
            _promise.SetException(failure);
        }
    }

    private void Queue(PipeBuffer? written)
    {
        if (written is null)
        {
            return;
        }

        if (_lastQueued is { } last)
        {
            last.Append(written);
        }
        else
        {
            _queued = written;
        }

        while (written.Next is PipeBuffer next)
        {
            written = next;
        }

        _lastQueued = written;
    }
}
