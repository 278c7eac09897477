namespace NetKit;

/// <summary>Names why the pool closed a connection.</summary>
internal enum PoolCloseReason : byte
{
    /// <summary>Its lease ended without being returned: the exchange failed, timed out or was cancelled, or Return was forgotten.</summary>
    NotReturned = 0,

    /// <summary>It was returned with bytes unread, or with an operation still under way.</summary>
    Poisoned,

    /// <summary>The peer had ended it.</summary>
    Ended,

    /// <summary>It was returned, but its user had closed it, or its writing half.</summary>
    Closed,

    /// <summary>The user's own check refused it.</summary>
    Invalid,
    IdleTimeout,
    Lifetime,
    Cleared,
    Leaked,

    /// <summary>The pool was disposed.</summary>
    Disposed,

    /// <summary>The pool was disposed, and the lease did not end in time.</summary>
    Abandoned,
}
