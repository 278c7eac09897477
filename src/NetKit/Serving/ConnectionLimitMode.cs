namespace NetKit;

/// <summary>Names what happens to a client that comes when a server has all the connections it may have.</summary>
public enum ConnectionLimitMode
{
    /// <summary>It waits, accepted or in the system's backlog, until another leaves.</summary>
    Wait = 0,

    /// <summary>It is reset at once.</summary>
    Reject,
}
