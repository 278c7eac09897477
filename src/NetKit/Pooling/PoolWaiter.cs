namespace NetKit;

/// <summary>Somebody who waits for a connection. Settled once, under the pool's lock; told afterwards.</summary>
internal abstract class PoolWaiter : PoolNode
{
    /// <summary>When its time is over, in 100 ns ticks of the pool's clock; <see cref="long.MaxValue"/> for never.</summary>
    public long Deadline = long.MaxValue;
    public PoolWaiterState State;

    /// <summary>The connection it was granted.</summary>
    public PoolEntry? Entry;

    /// <summary>Why the endpoint is down, for who waited in vain.</summary>
    public Exception? Cause;

    /// <summary>The next of the waiters that one event settled.</summary>
    public PoolWaiter? NextSettled;
}
