namespace NetKit;

/// <summary>Names how one attempt of a dial ended.</summary>
public enum DialOutcome
{
    /// <summary>It gave the connection that the dial returned.</summary>
    Connected = 0,

    /// <summary>It failed; its error says why.</summary>
    Failed,

    /// <summary>Its own time, or that of the whole dial, was over before anything else ended it.</summary>
    TimedOut,

    /// <summary>Another attempt was faster. It was cancelled, or its connection closed.</summary>
    Lost,

    /// <summary>The caller cancelled the dial.</summary>
    Cancelled,
}
