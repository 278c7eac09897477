using System.Net.WebSockets;

namespace NetKit.Samples;

/// <summary>How a session ended.</summary>
internal enum SessionEnd
{
    /// <summary>The client said goodbye.</summary>
    Closed = 0,

    /// <summary>The session's time was over.</summary>
    TimeOver,

    /// <summary>The server stops.</summary>
    Stopping,

    /// <summary>The connection broke.</summary>
    Lost,

    /// <summary>Nothing came for the read timeout, not even an answer to a ping.</summary>
    Silent,

    /// <summary>A message was too long.</summary>
    TooLong,

    /// <summary>A message was not text.</summary>
    NotText,

    /// <summary>The client said more than it may.</summary>
    TooMany,

    /// <summary>The client did not read what was said.</summary>
    TooSlow,

    /// <summary>What came was no WebSocket, or no UTF-8.</summary>
    Malformed,
}

internal static class SessionEnds
{
    public static bool IsError(this SessionEnd end) => end is not (SessionEnd.Closed or SessionEnd.TimeOver or SessionEnd.Stopping);

    /// <summary>What the client is told; null where nothing can be told, or was told already.</summary>
    /// <param name="end">How the session ended.</param>
    /// <param name="heard">The code the client said goodbye with, which is given back.</param>
    public static (WebSocketCloseStatus Status, string? Reason)? Goodbye(this SessionEnd end, WebSocketCloseStatus? heard) => end switch
    {
        SessionEnd.Closed => (heard ?? WebSocketCloseStatus.NormalClosure, null),
        SessionEnd.TimeOver => (WebSocketCloseStatus.NormalClosure, "session time is over"),
        SessionEnd.Stopping => (WebSocketCloseStatus.EndpointUnavailable, "server stops"),
        SessionEnd.TooLong => (WebSocketCloseStatus.MessageTooBig, "message too long"),
        SessionEnd.NotText => (WebSocketCloseStatus.InvalidMessageType, "text only"),
        SessionEnd.TooMany => (WebSocketCloseStatus.PolicyViolation, "too many messages"),
        SessionEnd.TooSlow => (WebSocketCloseStatus.PolicyViolation, "too slow"),
        _ => null,
    };
}
