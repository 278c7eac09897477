namespace NetKit.Tests.Stress;

/// <summary>How a connection of the storm ends.</summary>
internal enum Ending
{
    /// <summary>Both sides finish in turn: not one byte missing, not one failure.</summary>
    Clean,

    /// <summary>The client half-closes at once and reads what the server sends, to its end.</summary>
    HalfClose,

    /// <summary>The client closes while it reads; the server reads the end.</summary>
    ClientCloses,

    /// <summary>The server closes while it reads; the client reads the end.</summary>
    ServerCloses,

    /// <summary>Other threads abort, close or half-close either side at any instant.</summary>
    Cut,

    /// <summary>The client closes before it has said a word.</summary>
    CloseAtOnce,

    /// <summary>The client aborts before it has said a word.</summary>
    AbortAtOnce,

    /// <summary>The client is forgotten, and closed by the garbage collector.</summary>
    Forgotten,

    /// <summary>Nobody listens.</summary>
    Refused,
}
