using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>struct io_uring_params: what is asked of a new ring, and where the kernel put its parts.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RingParameters
{
    public uint SubmissionEntries;
    public uint CompletionEntries;
    public SetupFlags Flags;
    public uint PollThreadProcessor;
    public uint PollThreadIdle;
    public uint Features;
    public uint WorkQueueRing;
    public uint Reserved1;
    public uint Reserved2;
    public uint Reserved3;
    public SubmissionOffsets Submission;
    public CompletionOffsets Completion;

    /// <summary>struct io_sqring_offsets.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SubmissionOffsets
    {
        public uint Head;
        public uint Tail;
        public uint Mask;
        public uint Entries;
        public uint Flags;
        public uint Dropped;
        public uint Array;
        public uint Reserved;
        public ulong UserAddress;
    }

    /// <summary>struct io_cqring_offsets.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct CompletionOffsets
    {
        public uint Head;
        public uint Tail;
        public uint Mask;
        public uint Entries;
        public uint Overflow;
        public uint Completions;
        public uint Flags;
        public uint Reserved;
        public ulong UserAddress;
    }
}
