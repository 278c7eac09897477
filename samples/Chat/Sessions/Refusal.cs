namespace NetKit.Samples;

/// <summary>Why a handshake was refused.</summary>
internal enum Refusal
{
    /// <summary>It asked for something else, or was malformed.</summary>
    NotWebSocket = 0,

    /// <summary>A page of another origin.</summary>
    Origin,

    /// <summary>No such name or room can be.</summary>
    BadName,

    /// <summary>As many clients or rooms as are allowed.</summary>
    Full,
}
