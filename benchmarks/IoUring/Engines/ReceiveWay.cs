namespace NetKit.Benchmarks;

/// <summary>Names the ways to receive through a ring.</summary>
internal enum ReceiveWay
{
    /// <summary>One operation for each read, into the caller's pinned buffer.</summary>
    Once,

    /// <summary>The same, without trying before the socket is readable, unless the last read left data.</summary>
    PollFirst,

    /// <summary>The same again, but a system call where the last read left data.</summary>
    Hybrid,

    /// <summary>One operation for good, into buffers of the ring, copied from there into the caller's.</summary>
    Multishot,

    /// <summary>The same without the copy: the handler works on the ring's buffer.</summary>
    Lend,

    /// <summary>The same, where one completion may fill several buffers.</summary>
    LendBundled,

    /// <summary>The ring only tells of readiness; a system call receives.</summary>
    Readiness,
}
