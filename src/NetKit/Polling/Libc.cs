using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace NetKit;

/// <summary>The system calls of the poller, as libc has them. Each returns -1 on failure, with the reason in <see cref="Errno.Last"/>.</summary>
internal static unsafe partial class Libc
{
    public const int CloseOnExec = 0x80000; // EPOLL_CLOEXEC, EFD_CLOEXEC and SOCK_CLOEXEC alike
    public const int NonBlocking = 0x800; // EFD_NONBLOCK and SOCK_NONBLOCK alike
    public const int EpollAdd = 1;
    public const int EpollModify = 3;
    public const int Peek = 0x2; // MSG_PEEK
    public const int DontWait = 0x40; // MSG_DONTWAIT
    public const int NoSignal = 0x4000; // MSG_NOSIGNAL
    public const int SetFlags = 4; // F_SETFL
    public const int DuplicateCloseOnExec = 1030; // F_DUPFD_CLOEXEC
    public const int ShutdownSend = 1; // SHUT_WR
    public const int SocketLevel = 1; // SOL_SOCKET
    public const int Linger = 13; // SO_LINGER

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "epoll_create1")]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl")]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* watched);

    [LibraryImport(Library, EntryPoint = "epoll_wait")]
    public static partial int EpollWait(int epoll, byte* events, int capacity, int milliseconds);

    [LibraryImport(Library, EntryPoint = "eventfd")]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "nanosleep")]
    public static partial int Sleep(TimeSpec* time, TimeSpec* left);

    [LibraryImport(Library, EntryPoint = "write")]
    public static partial nint Write(int descriptor, void* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "fcntl")]
    public static partial int Control(int descriptor, int command, int argument);

    [LibraryImport(Library, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "accept4")]
    public static partial int Accept(int listener, byte* address, int* addressLength, int flags);

    [LibraryImport(Library, EntryPoint = "connect")]
    public static partial int Connect(int socket, byte* address, int addressLength);

    /// <summary>recvfrom and sendto by number: libc's own functions prepare each call for being cancelled, which nobody does here.</summary>
    [LibraryImport(Library, EntryPoint = "syscall")]
    public static partial nint Transfer(nint call, nint socket, byte* buffer, nuint length, nint flags, nint address, nint addressLength);

    /// <summary>As <see cref="Transfer"/>, for a call so short that a collection may wait for it: the runtime is not told of the call.</summary>
    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "syscall")]
    public static partial nint TransferQuickly(nint call, nint socket, byte* buffer, nuint length, nint flags, nint address, nint addressLength);

    [LibraryImport(Library, EntryPoint = "sendmsg")]
    public static partial nint SendMessage(int socket, Message* message, int flags);

    [LibraryImport(Library, EntryPoint = "shutdown")]
    public static partial int Shutdown(int socket, int how);

    [LibraryImport(Library, EntryPoint = "setsockopt")]
    public static partial int SetSocketOption(int socket, int level, int option, void* value, int length);

    [LibraryImport(Library, EntryPoint = "getsockname")]
    public static partial int GetSocketName(int socket, byte* address, int* addressLength);

    [LibraryImport(Library, EntryPoint = "getpeername")]
    public static partial int GetPeerName(int socket, byte* address, int* addressLength);

    [LibraryImport(Library, EntryPoint = "sched_yield")]
    public static partial int Yield();

    /// <summary>struct timespec, of 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Vector
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>struct msghdr, of 64-bit systems: the compiler's padding is that of C.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public void* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct linger.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct LingerTime
    {
        public int IsOn;
        public int Seconds;
    }
}
