namespace NetKit;

/// <summary>What became of asking <see cref="PoolCore"/> for a connection.</summary>
internal enum PoolRent : byte
{
    /// <summary>There was an idle one.</summary>
    Leased = 0,

    /// <summary>The waiter waits.</summary>
    Waiting,

    /// <summary>Too many wait already.</summary>
    Full,

    /// <summary>The endpoint is down, and nothing can come before it is tried again.</summary>
    Down,

    /// <summary>The pool was disposed.</summary>
    Disposed,
}
