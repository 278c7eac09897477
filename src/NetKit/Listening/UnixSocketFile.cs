using System.Net.Sockets;

namespace NetKit;

/// <summary>Looks after the file that stands for a Unix socket.</summary>
internal static class UnixSocketFile
{
    // What opening a socket as a file gives: ENXIO on Linux, EOPNOTSUPP on macOS.
    private const int NoSuchDevice = 6;
    private const int NotSupportedOnSocket = 102;

    /// <summary>Deletes what a server that died left behind. A living server's socket, or any other file, stays and is refused.</summary>
    public static void RemoveIfStale(UnixDomainSocketEndPoint endPoint)
    {
        if (PathOf(endPoint) is not { } path || !Path.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Never waits: a Unix socket answers at once, also when its backlog is full.
            probe.Blocking = false;
            probe.Connect(endPoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new ConnectionException(ConnectionError.AccessDenied, "listen", endPoint, innerException: exception);
        }
        catch (SocketException)
        {
            // Not a socket, or one whose backlog is full: something lives there.
        }

        var detail = IsSocket(path) ? "the address is in use already by another listener" : "a file that is not a socket is in the way";
        throw new ConnectionException(ConnectionError.AddressInUse, "listen", endPoint, detail: detail);
    }

    public static void SetMode(UnixDomainSocketEndPoint endPoint, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows() && PathOf(endPoint) is { } path)
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    // Behind the two bytes of the family comes the path. An abstract address (Linux) begins with NUL there, and has no file.
    private static string? PathOf(UnixDomainSocketEndPoint endPoint)
    {
        var address = endPoint.Serialize();
        return address.Size > 2 && address[2] != 0 ? endPoint.ToString() : null;
    }

    // .NET has no name for "is a socket". But a socket is what cannot be opened as a file, by anybody (ENXIO). Opened for
    // both ways, so that a named pipe does not wait for its other end.
    private static bool IsSocket(string path)
    {
        if (new FileInfo(path) is not { LinkTarget: null } file || file.Attributes.HasFlag(FileAttributes.Directory))
        {
            return false;
        }

        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException exception)
        {
            // Any other failure is that of a file: locked, or a program that runs.
            return exception.HResult is NoSuchDevice or NotSupportedOnSocket;
        }
    }
}
