namespace NetKit.Benchmarks;

/// <summary>What a server does with what it reads.</summary>
internal enum Work
{
    /// <summary>Sends it back, with a buffer held for each connection.</summary>
    Echo,

    /// <summary>Forgets it, with a buffer held for each connection.</summary>
    Sink,

    /// <summary>Sends it back, and holds no buffer while it waits.</summary>
    Idle,
}
