using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NetKit;

/// <summary>Receives and sends in one system call, without waiting.</summary>
internal static unsafe class SocketCalls
{
    // A few microseconds, within the system. More bytes take longer than what is saved.
    private const int MostQuickBytes = 4096;

    private static readonly nint s_receive = IsX64 ? 45 : 207; // recvfrom, on arm64 by the numbers that newer systems share
    private static readonly nint s_send = IsX64 ? 44 : 206; // sendto

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Receives what is there; -1 with a reason in <see cref="Errno.Last"/>.</summary>
    public static nint Receive(int socket, byte* buffer, int length, int flags) => Transfer(s_receive, socket, buffer, length, flags);

    /// <summary>Sends what there is room for; -1 with a reason in <see cref="Errno.Last"/>.</summary>
    public static nint Send(int socket, byte* buffer, int length) => Transfer(s_send, socket, buffer, length, Libc.NoSignal);

    // Not inlined: inside a caller's try block the compiler would have to make each call through a stub.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint Transfer(nint call, int socket, byte* buffer, int length, int flags) => length <= MostQuickBytes
        ? Libc.TransferQuickly(call, socket, buffer, (nuint)length, flags | Libc.DontWait, 0, 0)
        : Libc.Transfer(call, socket, buffer, (nuint)length, flags | Libc.DontWait, 0, 0);
}
