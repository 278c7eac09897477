namespace NetKit;

/// <summary>Names what ended an operation.</summary>
internal enum OperationEnd : byte
{
    /// <summary>Nothing yet, or the transport: it succeeded or failed by itself.</summary>
    Transport,

    /// <summary>The deadline or the operation's own limit passed.</summary>
    DeadlineExceeded,

    /// <summary>The caller's token was cancelled.</summary>
    Cancelled,

    /// <summary>The connection was closed on this side.</summary>
    Closed,
}
