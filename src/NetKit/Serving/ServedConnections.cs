namespace NetKit;

/// <summary>The live connections of a server: counted, and at hand when the time to drain is over.</summary>
/// <remarks>Invariant: the count is the length of the list, and <c>_empty</c> is completed when it is 0 while draining.</remarks>
internal sealed class ServedConnections
{
    private readonly Lock _gate = new(); // guards everything below
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServedConnection? _first;
    private int _count;
    private bool _draining;

    public int Count => Volatile.Read(ref _count);

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

    /// <summary>Counts what is there to drain. Nothing is added any more.</summary>
    public int BeginDrain()
    {
        lock (_gate)
        {
            _draining = true;
            SignalIfEmpty();
            return _count;
        }
    }

    /// <summary>Waits until all have ended; false when the time was over first.</summary>
    public async ValueTask<bool> WaitUntilEmptyAsync(TimeSpan patience, TimeProvider timeProvider)
    {
        try
        {
            await _empty.Task.WaitAsync(patience, timeProvider).ConfigureAwait(false);
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
        if (_draining && _count == 0)
        {
            _empty.TrySetResult();
        }
    }
}
