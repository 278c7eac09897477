namespace NetKit.Benchmarks;

/// <summary>IORING_ENTER_*, each with the Linux that first knew it.</summary>
[Flags]
internal enum EnterFlags : uint
{
    None = 0,

    /// <summary>Wants completions, and waits for as many as were asked for. Linux 5.1.</summary>
    GetEvents = 1 << 0,

    /// <summary>Names the ring by its registered index, not by a descriptor. Linux 5.18.</summary>
    RegisteredRing = 1 << 4,

    /// <summary>Does not count the wait as one for a disk. Linux 6.15.</summary>
    NoDiskWait = 1 << 7,
}
