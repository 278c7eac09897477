using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NetKit.Tests.Stress;

/// <summary>What the kernel tells of a socket.</summary>
internal static partial class SocketState
{
    private const uint BytesToSend = 0x5411; // SIOCOUTQ

    /// <summary>Says whether somebody who waits on it should have been told something.</summary>
    public static string Describe(Socket socket)
    {
        var unsent = 0;
        _ = Control((int)socket.Handle, BytesToSend, ref unsent);
        return $"{socket.Available} B to read, {unsent} B on their way, readable {socket.Poll(0, SelectMode.SelectRead)}, "
            + $"writable {socket.Poll(0, SelectMode.SelectWrite)}";
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, ref int value);
}
