namespace NetKit.Benchmarks;

/// <summary>IORING_REGISTER_*, each with the Linux that first knew it.</summary>
internal enum RegisterOperation : uint
{
    /// <summary>Tells which operations the kernel knows. Linux 5.6.</summary>
    Probe = 8,

    /// <summary>Makes a table of files, tagged or empty. Linux 5.13.</summary>
    Files = 13,

    /// <summary>Gives the ring an index by which the calling thread names it. Linux 5.18.</summary>
    RingDescriptors = 20,

    /// <summary>Adds a ring of buffers to choose from. Linux 5.19.</summary>
    BufferRing = 22,

    /// <summary>Takes it away. Linux 5.19.</summary>
    RemoveBufferRing = 23,

    /// <summary>Polls network devices instead of waiting for their interrupt. Linux 6.9.</summary>
    DevicePolling = 27,
}
