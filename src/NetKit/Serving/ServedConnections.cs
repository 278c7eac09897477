namespace NetKit;

/// <summary>The live connections of a server: counted, and at hand when the time to drain is over.</summary>
/// <remarks>Invariant: the count is the length of the list, and <c>_empty</c> is completed when it is 0 and nothing comes in any more.</remarks>
internal sealed class ServedConnections
{
    private readonly Lock _gate = new(); // guards everything below
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServedConnection? _first;
    private int _count;
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

    public void Add(ServedConnection served)
    {
        lock (_gate)
        {
            served.Next = _first;
            if (_first is not null)
            {
                _first.Previous = served;
            }

            _first = served;
            _count++;
            _toDrain++;
        }
    }

    public void Remove(ServedConnection served)
    {
        lock (_gate)
        {
            if (served.Next is { } next)
            {
                next.Previous = served.Previous;
            }

            if (served.Previous is { } previous)
            {
                previous.Next = served.Next;
            }
            else
            {
                _first = served.Next;
            }

            served.Next = served.Previous = null;
            _count--;
            SignalIfEmpty();
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

    /// <summary>Waits, now that nothing comes in any more, until all have ended; false when the time was over first.</summary>
    public async ValueTask<bool> WaitUntilEmptyAsync(TimeSpan patience, TimeProvider timeProvider)
    {
        lock (_gate)
        {
            _complete = true;
            SignalIfEmpty();
        }

        try
        {
            await _empty.Task.WaitAsync(Deadline.After(patience, timeProvider)).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Resets every connection that is left, and counts them.</summary>
    public int AbortAll()
    {
        List<Connection> left = [];
        lock (_gate)
        {
            for (var served = _first; served is not null; served = served.Next)
            {
                left.Add(served.Connection);
            }
        }

        // Outside the lock: an end that follows takes it.
        foreach (var connection in left)
        {
            connection.Abort();
        }

        return left.Count;
    }

    private void SignalIfEmpty()
    {
        if (_complete && _count == 0)
        {
            _empty.TrySetResult();
        }
    }
}
