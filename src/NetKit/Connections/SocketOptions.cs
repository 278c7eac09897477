using System.Net.Sockets;

namespace NetKit;

/// <summary>Sets what a socket does by itself: delay, keep-alive, buffers.</summary>
/// <remarks>Plain values, read and checked when they are used to make a connection, a listener or a dialer.</remarks>
public sealed class SocketOptions
{
    // Linux: level 6 is IPPROTO_TCP, option 18 is TCP_USER_TIMEOUT, in milliseconds.
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;

    // The kernel's limits: TCP_KEEPIDLE and TCP_KEEPINTVL up to 32767 s, TCP_KEEPCNT up to 127.
    private const int MostKeepAliveSeconds = 32767;
    private const int MostKeepAliveRetries = 127;

    internal static SocketOptions Default { get; } = new();

    /// <summary>Sends small writes at once instead of collecting them (TCP_NODELAY). Default: true.</summary>
    public bool NoDelay { get; set; } = true;

    /// <summary>Sets how long a TCP connection is silent before the system asks whether the peer still lives. Default: 15 seconds. Null: keep-alive is off.</summary>
    /// <remarks>From 1 to 32,767 seconds, rounded up to whole seconds.</remarks>
    public TimeSpan? KeepAliveTime { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Sets the time between such questions while no answer comes. Default: 15 seconds.</summary>
    /// <remarks>From 1 to 32,767 seconds, rounded up to whole seconds. Not used when <see cref="KeepAliveTime"/> is null.</remarks>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Sets how many such questions go unanswered before the connection counts as dead (<see cref="ConnectionError.TimedOut"/>). Default: 9. From 1 to 127.</summary>
    public int KeepAliveRetryCount { get; set; } = 9;

    /// <summary>Sets how long sent data may stay unacknowledged before the connection counts as dead (TCP_USER_TIMEOUT, Linux only). Default (null): the system's, about 15 minutes.</summary>
    /// <remarks>From 1 millisecond to <see cref="int.MaxValue"/> milliseconds. Ignored on other systems.</remarks>
    public TimeSpan? UserTimeout { get; set; }

    /// <summary>Sets the size of the system's receive buffer in bytes (SO_RCVBUF). Default (null): the system's, which grows by itself.</summary>
    public int? ReceiveBufferSize { get; set; }

    /// <summary>Sets the size of the system's send buffer in bytes (SO_SNDBUF). Default (null): the system's, which grows by itself.</summary>
    public int? SendBufferSize { get; set; }

    /// <summary>Chooses what waits for the sockets' events. Default: <see cref="SocketEngine.Automatic"/>.</summary>
    public SocketEngine Engine { get; set; }

    /// <summary>Is called with each socket after the options above are set. Default (null): nothing is called.</summary>
    /// <remarks>A dialer calls it before the socket connects, and the socket is not to be kept: it may be of no more use afterwards.</remarks>
    public Action<Socket>? Configure { get; set; }

    /// <summary>Copies and checks the values, so that later changes by the user have no effect.</summary>
    internal SocketOptions Validated()
    {
        CheckSeconds(KeepAliveTime, nameof(KeepAliveTime));
        CheckSeconds(KeepAliveInterval, nameof(KeepAliveInterval));
        Check(KeepAliveRetryCount is >= 1 and <= MostKeepAliveRetries, nameof(KeepAliveRetryCount), KeepAliveRetryCount, $"from 1 to {MostKeepAliveRetries}");
        Check(UserTimeout is not { } timeout || timeout.TotalMilliseconds is >= 1 and <= int.MaxValue, nameof(UserTimeout), UserTimeout, $"from 1 ms to {int.MaxValue} ms, or null");
        Check(ReceiveBufferSize is not <= 0, nameof(ReceiveBufferSize), ReceiveBufferSize, "a positive number of bytes, or null");
        Check(SendBufferSize is not <= 0, nameof(SendBufferSize), SendBufferSize, "a positive number of bytes, or null");
        Check(Enum.IsDefined(Engine), nameof(Engine), Engine, string.Join(", ", Enum.GetNames<SocketEngine>()));
        return (SocketOptions)MemberwiseClone();
    }

    /// <summary>Sets the options on a socket that is connected, or about to be. Those of TCP are left out on other sockets.</summary>
    internal void Apply(Socket socket)
    {
        ApplyToListener(socket);
        Configure?.Invoke(socket);
    }

    /// <summary>Sets the options on a listening socket. Linux hands them down to the sockets it accepts.</summary>
    internal void ApplyToListener(Socket socket)
    {
        if (ReceiveBufferSize is { } receive)
        {
            socket.ReceiveBufferSize = receive;
        }

        if (SendBufferSize is { } send)
        {
            socket.SendBufferSize = send;
        }

        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            ApplyTcp(socket);
        }
    }

    /// <summary>Tells whether an accepted socket needs nothing more to be set.</summary>
    internal bool AreHandedDown => OperatingSystem.IsLinux() && Configure is null;

    /// <summary>Sets on an accepted socket what the system did not hand down to it.</summary>
    internal void ApplyToAccepted(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            ApplyToListener(socket);
        }

        Configure?.Invoke(socket);
    }

    private void ApplyTcp(Socket socket)
    {
        socket.NoDelay = NoDelay;
        if (KeepAliveTime is { } time)
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, WholeSeconds(time));
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, WholeSeconds(KeepAliveInterval));
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveRetryCount);
        }

        if (UserTimeout is { } timeout && OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, BitConverter.GetBytes((int)Math.Ceiling(timeout.TotalMilliseconds)));
        }
    }

    private static int WholeSeconds(TimeSpan time) => (int)Math.Ceiling(time.TotalSeconds);

    private static void CheckSeconds(TimeSpan? value, string property) =>
        Check(value is not { } time || time.TotalSeconds is >= 1 and <= MostKeepAliveSeconds, property, value, $"from 1 to {MostKeepAliveSeconds} seconds");

    private static void Check(bool valid, string property, object? value, string allowed)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(property, value, $"{nameof(SocketOptions)}.{property} must be {allowed}.");
        }
    }
}
