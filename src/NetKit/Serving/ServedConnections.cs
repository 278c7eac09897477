namespace NetKit;

/// <summary>The live connections of a server: counted, and at hand when the time to drain is over.</summary>
/// <remarks>
/// Invariant: the count is the length of the list, and <c>_empty</c> is completed when it is 0 and nothing comes in any more.
/// The list is a ring without an end, so that whoever goes around it can let go of the lock on the way, and misses nobody.
/// </remarks>
internal sealed class ServedConnections
{
    private readonly Lock _gate = new(); // guards everything below
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServedConnection? _next; // whose turn to be looked at it is; the one before came last
    private int _count;
    private int _reserved; // how many will be added, or not come after all
    private int _toDrain;
    private bool _draining;
    private bool _complete;

    public int Count => Volatile.Read(ref _count);

    /// <summary>How many there were to drain.</summary>
    public int ToDrain
    {
        get
        {
            lock (_gate)
            {
                return _toDrain;
            }
        }
    }

    /// <summary>Takes a place for a connection that is to come; false when as many as the limit are there or to come.</summary>
    public bool TryReserve(int limit)
    {
        lock (_gate)
        {
            if (_count + _reserved >= limit)
            {
                return false;
            }

            _reserved++;
            return true;
        }
    }

    /// <summary>Gives a place back that will not be used.</summary>
    public void CancelReservation()
    {
        lock (_gate)
        {
            _reserved--;
        }
    }

    /// <summary>Adds a connection, in the place reserved for it.</summary>
    public void Add(ServedConnection served)
    {
        lock (_gate)
        {
            _next ??= served;
            served.Next = _next;
            served.Previous = _next.Previous ?? served;
            served.Previous.Next = _next.Previous = served;
            _reserved--;
            _count++;
            _toDrain++;
        }
    }

    public void Remove(ServedConnection served)
    {
        lock (_gate)
        {
            served.Next!.Previous = served.Previous;
            served.Previous!.Next = served.Next;
            _count--;
            if (_next == served)
            {
                _next = _count == 0 ? null : served.Next;
            }

            served.Next = served.Previous = null;
            SignalIfEmpty();
        }
    }

    /// <summary>Goes around: takes those whose turn it is, and tells how many there were.</summary>
    public int TakeNext(Span<ServedConnection> taken)
    {
        lock (_gate)
        {
            var count = Math.Min(taken.Length, _count);
            foreach (ref var place in taken[..count])
            {
                place = _next!;
                _next = place.Next;
            }

            return count;
        }
    }

    /// <summary>Begins to count what there is to drain: all that is here, and what is still on its way in.</summary>
    public void BeginDrain()
    {
        lock (_gate)
        {
            if (!_draining)
            {
                _draining = true;
                _toDrain = _count;
            }
        }
    }

    /// <summary>Waits, now that nothing comes in any more, until all have ended; false when the time was over first, or the caller was told to hurry.</summary>
    public async ValueTask<bool> WaitUntilEmptyAsync(TimeSpan patience, TimeProvider timeProvider, CancellationToken hurrying = default)
    {
        lock (_gate)
        {
            _complete = true;
            SignalIfEmpty();
        }

        try
        {
            await _empty.Task.WaitAsync(Deadline.After(patience, timeProvider), hurrying).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Resets every connection that is left, and counts them.</summary>
    public int AbortAll()
    {
        ServedConnection[] left;
        lock (_gate)
        {
            left = new ServedConnection[_count];
            TakeNext(left);
        }

        // Outside the lock: an end that follows takes it.
        foreach (var served in left)
        {
            served.Connection.Abort();
        }

        return left.Length;
    }

    private void SignalIfEmpty()
    {
        if (_complete && _count == 0)
        {
            _empty.TrySetResult();
        }
    }
}
