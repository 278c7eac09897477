namespace NetKit;

/// <summary>Tells what the peer has done while nobody used the connection.</summary>
internal enum IdleState : byte
{
    /// <summary>Nothing: the connection can be used.</summary>
    Quiet = 0,

    /// <summary>It has sent bytes that nobody read.</summary>
    Unread,

    /// <summary>It has ended or reset the connection.</summary>
    Ended,

    /// <summary>This side has closed it, or cannot or may not write on it any more. What the peer has done does not matter then.</summary>
    Closed,

    /// <summary>Somebody uses the connection.</summary>
    Busy,
}
