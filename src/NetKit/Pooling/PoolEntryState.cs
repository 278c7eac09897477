namespace NetKit;

/// <summary>Where a connection of the pool is.</summary>
internal enum PoolEntryState : byte
{
    /// <summary>Not in the pool yet.</summary>
    New = 0,
    Idle,
    Leased,

    /// <summary>On its way out. It still counts against the limit, for its socket still exists.</summary>
    Closing,
    Closed,
}
