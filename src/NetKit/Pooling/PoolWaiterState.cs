namespace NetKit;

/// <summary>How a waiter fares. It leaves <see cref="Waiting"/> once.</summary>
internal enum PoolWaiterState : byte
{
    New = 0,
    Waiting,
    Granted,

    /// <summary>Its time was over.</summary>
    Expired,

    /// <summary>Nothing could come any more: the endpoint is down and nothing is leased.</summary>
    Down,
    Cancelled,

    /// <summary>The pool was disposed.</summary>
    Disposed,
}
