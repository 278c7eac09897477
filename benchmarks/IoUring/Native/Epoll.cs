using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>Calls epoll. The kernel packs its event on x64 and on no other processor.</summary>
internal static unsafe partial class Epoll
{
    public const uint Readable = 1; // EPOLLIN
    public const uint Writable = 4; // EPOLLOUT
    public const uint Error = 8; // EPOLLERR
    public const uint HangUp = 0x10; // EPOLLHUP
    public const uint PeerFinished = 0x2000; // EPOLLRDHUP
    public const uint EdgeTriggered = 0x80000000; // EPOLLET

    private const int CloseOnExec = 0x80000;
    private const int AddOperation = 1;

    private static readonly int s_dataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    /// <summary>The bytes of one event in what <see cref="Wait"/> fills.</summary>
    public static readonly int EventSize = s_dataOffset + sizeof(long);

    public static int Create()
    {
        var poll = Create(CloseOnExec);
        return poll >= 0 ? poll : throw Errno.LastAsException("epoll_create1");
    }

    public static void Add(int poll, int descriptor, uint events)
    {
        var entry = stackalloc byte[EventSize];
        *(uint*)entry = events;
        *(long*)(entry + s_dataOffset) = descriptor;
        if (Control(poll, AddOperation, descriptor, entry) != 0)
        {
            throw Errno.LastAsException("epoll_ctl");
        }
    }

    public static (uint Events, int Descriptor) Read(byte* events, int index)
    {
        var entry = events + (index * EventSize);
        return (*(uint*)entry, *(int*)(entry + s_dataOffset));
    }

    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    public static partial int Wait(int poll, byte* events, int capacity, int milliseconds);

    [LibraryImport("libc", EntryPoint = "epoll_create1")]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl")]
    private static partial int Control(int poll, int operation, int descriptor, byte* entry);
}
