namespace NetKit.Tests.Timing;

/// <summary>An entry that counts its calls and is awaited when the test says so.</summary>
internal sealed class WatchedEntry(TimeProvider? timeProvider) : DeadlineEntry(DeadlineScheduler.For(timeProvider))
{
    private volatile bool _awaited;
    private int _fired;

    public int Fired => Volatile.Read(ref _fired);

    public Action? Fires { get; set; }

    internal override bool IsAwaited => _awaited;

    /// <summary>Begins to wait, as an operation does: publish the wait, then make sure the wheel knows.</summary>
    public void Await()
    {
        _awaited = true;
        Interlocked.MemoryBarrier();
        Watch();
    }

    public void Leave() => _awaited = false;

    internal override void OnDue()
    {
        Fires?.Invoke();
        Interlocked.Increment(ref _fired);
    }
}
