using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>Calls the system: what both engines need of it.</summary>
internal static unsafe partial class LibC
{
    public const int NoSignal = 0x4000; // MSG_NOSIGNAL
    public const int DontWait = 0x40; // MSG_DONTWAIT
    public const int WaitAll = 0x100; // MSG_WAITALL
    public const int NonBlocking = 0x800; // SOCK_NONBLOCK
    public const int CloseOnExec = 0x80000; // SOCK_CLOEXEC
    public const int ShutdownSend = 1; // SHUT_WR
    public const int ShutdownBoth = 2; // SHUT_RDWR

    [LibraryImport("libc", EntryPoint = "recv")]
    public static partial nint Receive(int descriptor, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send")]
    public static partial nint Send(int descriptor, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "accept4")]
    public static partial int Accept(int descriptor, void* address, void* addressLength, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown")]
    public static partial int Shutdown(int descriptor, int how);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "mmap")]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    public static partial int Unmap(nint address, nuint length);
}
