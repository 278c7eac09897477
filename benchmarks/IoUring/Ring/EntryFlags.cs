namespace NetKit.Benchmarks;

/// <summary>IOSQE_*.</summary>
[Flags]
internal enum EntryFlags : byte
{
    None = 0,

    /// <summary>The descriptor is an index into the ring's table of files.</summary>
    FixedFile = 1 << 0,

    /// <summary>The kernel takes a buffer of the entry's group.</summary>
    SelectBuffer = 1 << 5,

    /// <summary>A success posts no completion.</summary>
    SkipSuccess = 1 << 6,
}
