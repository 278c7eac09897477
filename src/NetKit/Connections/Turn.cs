using System.Diagnostics;

namespace NetKit;

/// <summary>Lets one operation at a time through, in the order of the calls. A mutable struct: keep it in a field.</summary>
/// <remarks>Invariant: waiters exist only in state <see cref="Contended"/>, and a holder in that state hands its turn to the first.</remarks>
internal struct Turn
{
    private const int Free = 0;
    private const int Held = 1;
    private const int Contended = 2; // held, and the holder must look at the queue when it leaves

    private int _state;
    private TurnQueue? _waiters; // its own lock guards it and every change from or to Contended

    /// <summary>Takes the turn if nobody has it.</summary>
    public bool TryEnter() => Interlocked.CompareExchange(ref _state, Held, Free) == Free;

    /// <summary>Waits for the turn. Leaves the queue, without the turn, when the time is over or the token cancelled.</summary>
    /// <returns>False when the time was over first.</returns>
    public ValueTask<bool> EnterAsync(Deadline limit, CancellationToken cancellationToken)
    {
        var waiters = _waiters ?? Interlocked.CompareExchange(ref _waiters, new TurnQueue(), null) ?? _waiters;
        TaskCompletionSource waiter;
        lock (waiters)
        {
            // Free means that the holder left before it could see us: then the turn may be ours at once.
            while (Interlocked.CompareExchange(ref _state, Contended, Held) == Free)
            {
                if (TryEnter())
                {
                    return new ValueTask<bool>(true);
                }
            }

            waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add(waiter);
        }

        return TurnQueue.WaitAsync(waiters, waiter, limit, cancellationToken);
    }

    /// <summary>Gives the turn to whoever waits longest, or frees it.</summary>
    public void Exit()
    {
        if (Interlocked.CompareExchange(ref _state, Free, Held) != Held)
        {
            HandOver();
        }
    }

    private void HandOver()
    {
        var waiters = _waiters!;
        TaskCompletionSource? next;
        lock (waiters)
        {
            Debug.Assert(_state == Contended, "Only the holder calls Exit, and it is not in state Held.");
            next = waiters.TakeFirst();
            if (waiters.IsEmpty)
            {
                Volatile.Write(ref _state, next is null ? Free : Held);
            }
        }

        next?.SetResult();
    }
}
