namespace NetKit.Benchmarks;

/// <summary>IORING_OP_*: those the engine submits, and those whose presence tells how new the kernel is.</summary>
internal enum RingOperation : byte
{
    Nothing = 0,
    Poll = 6,
    Accept = 13,
    Cancel = 14,
    Close = 19,
    Send = 26,
    Receive = 27,

    /// <summary>Linux 5.19, as multishot accept, which cannot be asked for.</summary>
    Socket = 45,

    /// <summary>Linux 6.0, as multishot receive, which cannot be asked for.</summary>
    SendZeroCopy = 47,
}
