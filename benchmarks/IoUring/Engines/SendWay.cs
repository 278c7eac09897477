namespace NetKit.Benchmarks;

/// <summary>Names the ways to send beside a ring or through it.</summary>
internal enum SendWay
{
    /// <summary>One operation for each write, submitted with those of all other connections at the end of the turn.</summary>
    Ring,

    /// <summary>A system call at once; the ring only for what found no room.</summary>
    Direct,

    /// <summary>A system call when nothing else is to be done in the turn, else the ring.</summary>
    Adaptive,

    /// <summary>The write copies and is done; one operation sends all that was copied meanwhile.</summary>
    Bundle,
}
