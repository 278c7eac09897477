namespace NetKit;

/// <summary>Names what waits for a socket's events.</summary>
public enum SocketEngine
{
    /// <summary>The fastest that the system has: <see cref="Polling"/> on Linux, <see cref="Portable"/> elsewhere. The setting <c>NetKit.SocketEngine</c>, or the variable <c>NETKIT_SOCKET_ENGINE</c>, chooses for the whole process.</summary>
    Automatic,

    /// <summary>NetKit's own event loops on epoll. Code that awaits a read or write goes on inline, on the loop that saw the event. Linux only.</summary>
    Polling,

    /// <summary>System.Net.Sockets and the thread pool, on every system.</summary>
    Portable,
}
