namespace NetKit;

/// <summary>Lets one operation at a time through, in the order of the calls. A mutable struct: keep it in a field.</summary>
/// <remarks>
/// One reference, because every connection has two: null is free, <see cref="s_held"/> is held with nobody waiting, and a
/// <see cref="TurnQueue"/> is held by someone who must hand over to the first of its waiters. Only a holder replaces the
/// queue, under the queue's lock.
/// </remarks>
internal struct Turn
{
    private static readonly object s_held = new();

    private object? _holder;

    /// <summary>Tells whether nobody has it at this moment.</summary>
    public readonly bool IsFree => Volatile.Read(in _holder) is null;

    /// <summary>Takes the turn if nobody has it.</summary>
    public bool TryEnter() => Interlocked.CompareExchange(ref _holder, s_held, null) is null;

    /// <summary>Waits for the turn. Leaves the queue, without the turn, when the deadline passes or the token is cancelled.</summary>
    /// <returns>False when the deadline passed first.</returns>
    public ValueTask<bool> EnterAsync(Deadline limit, CancellationToken cancellationToken)
    {
        TurnQueue? created = null;
        while (true)
        {
            if (TryEnter())
            {
                return new ValueTask<bool>(true);
            }

            if (Volatile.Read(ref _holder) is TurnQueue queue)
            {
                if (queue.TryAdd() is { } waiter)
                {
                    return queue.WaitAsync(waiter, limit, cancellationToken);
                }

                // That queue has been given up: its last holder was leaving.
                continue;
            }

            // Held with nobody waiting: from here on the holder finds a queue when it leaves.
            created ??= new TurnQueue();
            Interlocked.CompareExchange(ref _holder, created, s_held);
        }
    }

    /// <summary>Gives the turn to whoever waits longest, or frees it.</summary>
    public void Exit()
    {
        if (Interlocked.CompareExchange(ref _holder, null, s_held) is not TurnQueue queue)
        {
            return;
        }

        if (queue.TakeFirstOrClose() is { } next)
        {
            next.SetResult();
        }
        else
        {
            Volatile.Write(ref _holder, null);
        }
    }
}
