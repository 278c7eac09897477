using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NetKit;

/// <summary>What epoll reports of a descriptor.</summary>
[Flags]
internal enum EpollEvents : uint
{
    None = 0,
    In = 0x1,
    Urgent = 0x2,
    Out = 0x4,
    Error = 0x8,
    HangUp = 0x10,
    PeerClosed = 0x2000, // EPOLLRDHUP
    EdgeTriggered = 0x80000000,
}

/// <summary>Lays out <c>struct epoll_event</c>: events and a number of ours. x64 packs it into 12 bytes, all others use 16.</summary>
internal static unsafe class EpollRecord
{
    private static readonly bool s_packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    public const int LargestSize = 16;

    public static int Size => s_packed ? 12 : 16;

    private static int KeyOffset => s_packed ? 4 : 8;

    public static void Write(byte* record, EpollEvents events, ulong key)
    {
        *(uint*)record = (uint)events;
        Unsafe.WriteUnaligned(record + KeyOffset, key);
    }

    public static EpollEvents Read(byte* record, out ulong key)
    {
        key = Unsafe.ReadUnaligned<ulong>(record + KeyOffset);
        return (EpollEvents)(*(uint*)record);
    }
}
