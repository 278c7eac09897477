namespace NetKit.Samples;

/// <summary>What the connections do.</summary>
internal enum LoadMode
{
    /// <summary>Each sends a message and waits for it to come back.</summary>
    Echo = 0,

    /// <summary>Some send, and all wait for what anybody sent. WebSockets only.</summary>
    Broadcast,

    /// <summary>All are there, and send nothing.</summary>
    Idle,
}
