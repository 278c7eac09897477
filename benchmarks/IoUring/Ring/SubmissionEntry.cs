using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>struct io_uring_sqe: one operation for the kernel. The same 64 bytes on every processor.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct SubmissionEntry
{
    public const ushort AcceptMultishot = 1; // IORING_ACCEPT_MULTISHOT
    public const ushort PollFirst = 1 << 0; // IORING_RECVSEND_POLL_FIRST
    public const ushort ReceiveMultishot = 1 << 1; // IORING_RECV_MULTISHOT
    public const ushort Bundle = 1 << 4; // IORING_RECVSEND_BUNDLE
    public const uint PollMultishot = 1; // IORING_POLL_ADD_MULTI, which goes into Length
    public const uint AllocateFileIndex = uint.MaxValue; // IORING_FILE_INDEX_ALLOC

    [FieldOffset(0)]
    public RingOperation Operation;

    [FieldOffset(1)]
    public EntryFlags Flags;

    /// <summary>The kernel's ioprio: flags of sends, receives and accepts.</summary>
    [FieldOffset(2)]
    public ushort Mode;

    [FieldOffset(4)]
    public int Descriptor;

    [FieldOffset(8)]
    public ulong Offset;

    [FieldOffset(16)]
    public ulong Address;

    [FieldOffset(24)]
    public uint Length;

    /// <summary>Flags of the system call that the operation stands for, or the events to poll.</summary>
    [FieldOffset(28)]
    public uint CallFlags;

    [FieldOffset(32)]
    public ulong UserData;

    [FieldOffset(40)]
    public ushort BufferGroup;

    [FieldOffset(44)]
    public uint FileIndex;
}
