namespace NetKit;

/// <summary>Names why a connection does not work any more on this side.</summary>
internal enum CloseCause : byte
{
    /// <summary>It works.</summary>
    None,

    /// <summary>Its user closed or aborted it.</summary>
    Closed,

    /// <summary>Its server gave it up: no byte came or went for the idle timeout.</summary>
    Idle,

    /// <summary>Its server gave it up: a write waited for the idle timeout, and the client took no byte of it.</summary>
    Stalled,

    /// <summary>Its server gave it up: bytes came more slowly than at the minimum rate.</summary>
    SlowToSend,

    /// <summary>Its server gave it up: it was as old as a connection may get.</summary>
    TooOld,
}
