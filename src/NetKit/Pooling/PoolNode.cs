namespace NetKit;

/// <summary>Is in one <see cref="PoolList"/> at the most: an idle or leased connection, a dial, a waiter.</summary>
internal abstract class PoolNode
{
    // Guarded by the pool's lock, as everything that PoolCore keeps.
    internal PoolNode? Next;
    internal PoolNode? Previous;
}
