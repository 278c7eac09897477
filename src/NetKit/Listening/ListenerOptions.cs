namespace NetKit;

/// <summary>Sets how a listener listens.</summary>
/// <remarks>Plain values, read and checked when a listener is bound.</remarks>
public sealed class ListenerOptions
{
    private const UnixFileMode AnyMode = (UnixFileMode)0b111_111_111_111;

    internal static ListenerOptions Default { get; } = new();

    /// <summary>Sets how many connections the system holds ready before they are accepted. Default: 512. At least 1; the system may cap it.</summary>
    public int Backlog { get; set; } = 512;

    /// <summary>Accepts IPv4 too when bound to the IPv6 wildcard address. Default: true. Without meaning for other addresses.</summary>
    public bool DualMode { get; set; } = true;

    /// <summary>Lets several listeners, here or in other processes of this user, share the port; the system spreads clients over them. Default: false. Linux only.</summary>
    public bool ReusePort { get; set; }

    /// <summary>Sets the options of accepted sockets.</summary>
    public SocketOptions Socket { get; set; } = new();

    /// <summary>Sets the file mode of a Unix socket, which says who may connect. Default (null): the process's umask decides.</summary>
    public UnixFileMode? UnixSocketMode { get; set; }

    /// <summary>Lets code that awaits an accept, or a read or write of an accepted connection, go on in the thread pool. Default: false.</summary>
    /// <remarks>
    /// By default it goes on inline, on the loop that saw the event, which is about twice as fast; a loop whose code blocks or
    /// computes for more than about a millisecond is continued by another thread. With <see cref="SocketEngine.Portable"/>
    /// it always goes on in the thread pool.
    /// </remarks>
    public bool RunContinuationsAsynchronously { get; set; }

    /// <summary>Whether accepted connections are to tell of the peer's end while nobody reads, where they can (<see cref="Connection.TryObserveEnd"/>).</summary>
    internal bool ObservesEnds { get; set; }

    /// <summary>Copies and checks the values, so that later changes by the user have no effect.</summary>
    internal ListenerOptions Validated()
    {
        if (Backlog < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(Backlog), Backlog, $"{nameof(ListenerOptions)}.{nameof(Backlog)} must be at least 1.");
        }

        if (ReusePort && !OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException($"{nameof(ListenerOptions)}.{nameof(ReusePort)} is true, and only Linux spreads clients over such listeners.");
        }

        if (UnixSocketMode is { } mode && (mode & ~AnyMode) != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(UnixSocketMode), mode, $"{nameof(ListenerOptions)}.{nameof(UnixSocketMode)} must be a combination of file modes, or null.");
        }

        if (Socket is null)
        {
            throw new ArgumentNullException(nameof(Socket), $"{nameof(ListenerOptions)}.{nameof(Socket)} must not be null.");
        }

        var copy = (ListenerOptions)MemberwiseClone();
        copy.Socket = Socket.Validated();
        return copy;
    }
}
