namespace NetKit.Tests.Stress;

/// <summary>How a connection is ended while it is in use.</summary>
internal enum Cut
{
    Abort,
    Close,
    CloseAndAbort,

    /// <summary>Blocks until whoever waits has left: for threads of our own, not those of the pool, which may be needed for that.</summary>
    CloseBlocking,
}
