namespace NetKit;

/// <summary>What <see cref="PoolCore"/> knows of one connection of the pool. Instants are in 100 ns ticks of the pool's clock.</summary>
internal class PoolEntry : PoolNode
{
    /// <summary>Where the connection is. Every one that was opened ends in <see cref="PoolEntryState.Closed"/>, once.</summary>
    public PoolEntryState State;

    public long BornAt;

    /// <summary>When the connection is too old to be handed out again; drawn once, at birth.</summary>
    public long ExpiresAt;

    /// <summary>When it was last returned; for one that was never leased, when it was opened.</summary>
    public long IdleSince;

    public long LeasedAt;

    /// <summary>The generation that it belongs to: that of its dial.</summary>
    public int Generation;

    /// <summary>How often it has been leased.</summary>
    public long Leases;

    /// <summary>How often it has been returned in a good state.</summary>
    public long Uses;

    /// <summary>Why it is being closed.</summary>
    public PoolCloseReason Reason;

    /// <summary>The next of the connections that one event closes.</summary>
    public PoolEntry? NextClosing;

    /// <summary>Counts a lease. Called by who owns the connection.</summary>
    public void OnLeased(long now)
    {
        LeasedAt = now;
        Leases++;
    }

    /// <summary>Takes the count of a lease back: the connection was no good, and nobody got it. Called by who owns it.</summary>
    public void OnPassedOver() => Leases--;

    /// <summary>Counts a return in a good state. Called by who owns the connection.</summary>
    public void OnReturned(long now)
    {
        IdleSince = now;
        Uses++;
    }
}
