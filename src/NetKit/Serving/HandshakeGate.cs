namespace NetKit;

/// <summary>Lets so many handshakes compute at a time. The others wait, and the newest goes first.</summary>
/// <remarks>
/// The newest, because when more come than can be served, whoever has waited longest has most likely given up: in the order of
/// arrival each would be served just when its time is over, and none would succeed.
/// </remarks>
internal sealed class HandshakeGate
{
    private readonly int _places;
    private readonly Lock _gate = new(); // guards everything below
    private readonly LinkedList<TaskCompletionSource> _waiting = []; // invariant: empty while a place is free
    private int _free;

    public HandshakeGate(int places) => _places = _free = places;

    /// <summary>How many places are taken.</summary>
    public int Taken
    {
        get
        {
            lock (_gate)
            {
                return _places - _free;
            }
        }
    }

    /// <summary>Waits for a place. What awaits it goes on in the thread pool, unless a place is free.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first; no place is taken.</exception>
    public ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource> waiter;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return ValueTask.CompletedTask;
            }

            waiter = _waiting.AddFirst(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return WaitAsync(waiter, cancellationToken);
    }

    /// <summary>Gives a place back.</summary>
    public void Leave()
    {
        TaskCompletionSource next;
        lock (_gate)
        {
            if (_waiting.First is not { } newest)
            {
                _free++;
                return;
            }

            _waiting.Remove(newest);
            next = newest.Value;
        }

        next.SetResult();
    }

    private async ValueTask WaitAsync(LinkedListNode<TaskCompletionSource> waiter, CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                var (gate, waiter) = ((HandshakeGate, LinkedListNode<TaskCompletionSource>))state!;
                gate.GiveUp(waiter, token);
            },
            (this, waiter));
        await using (registration.ConfigureAwait(false))
        {
            await waiter.Value.Task.ConfigureAwait(false);
        }
    }

    private void GiveUp(LinkedListNode<TaskCompletionSource> waiter, CancellationToken token)
    {
        lock (_gate)
        {
            if (waiter.List is null)
            {
                // It has its place already.
                return;
            }

            _waiting.Remove(waiter);
        }

        waiter.Value.SetCanceled(token);
    }
}
