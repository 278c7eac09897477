namespace NetKit;

/// <summary>Waits longer and longer while accepting fails for want of resources: 5 ms, doubling to 1 s.</summary>
/// <remarks>Several callers may wait at once, as several accept loops of a server do. Whatever ends the wait of one early ends all.</remarks>
internal sealed class AcceptBackoff
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1);

    private readonly TimeProvider? _timeProvider;
    private TimeSpan _next = s_first;
    private TaskCompletionSource? _freed; // null while nothing is short
    private bool _stopped;

    public AcceptBackoff(TimeProvider? timeProvider) => _timeProvider = timeProvider;

    /// <summary>The wait that comes next.</summary>
    public TimeSpan Next => _next;

    /// <summary>Starts from the shortest wait again: an accept succeeded.</summary>
    public void Reset()
    {
        _next = s_first;
        if (Volatile.Read(ref _freed) is not null)
        {
            // Others may wait on it, and nobody could wake them any more.
            Interlocked.Exchange(ref _freed, null)?.TrySetResult();
        }
    }

    /// <summary>Waits, but no longer than until something is freed.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        // Published first, then looked at: a stop that comes between finds what we wait for.
        var freed = Freed();
        if (Volatile.Read(ref _stopped))
        {
            return;
        }

        try
        {
            await freed.Task.WaitAsync(Deadline.After(_next, _timeProvider), cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Nothing was freed that we know of. It may be elsewhere in the process, or the system.
        }

        // There already when the next accept is tried: what is freed while that fails must not be missed. One that is not
        // completed serves on, for others may wait on it.
        if (freed.Task.IsCompleted)
        {
            Interlocked.CompareExchange(ref _freed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), freed);
        }

        _next = _next * 2 < s_longest ? _next * 2 : s_longest;
    }

    /// <summary>Ends a wait early, because a connection gave its descriptor back.</summary>
    public void OnResourcesFreed() => Volatile.Read(ref _freed)?.TrySetResult();

    /// <summary>Ends every wait, now and later.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopped, true);
        Interlocked.MemoryBarrier();
        OnResourcesFreed();
    }

    private TaskCompletionSource Freed()
    {
        var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref _freed, created, null) ?? created;
    }
}
