namespace NetKit.Tests.Stress;

/// <summary>How a link of the hunt ends.</summary>
internal enum Fate
{
    /// <summary>Both ends half-close, read to the end and close: every byte arrives.</summary>
    Peace,

    /// <summary>One end closes while it reads, and nothing is on its way to it: every byte arrives, and the other reads the end.</summary>
    Leave,

    /// <summary>One end is aborted or closed, or both at once, whatever is under way.</summary>
    Cut,
}
