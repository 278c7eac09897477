using System.Net.Sockets;

namespace NetKit.Benchmarks;

/// <summary>One way to use a connected socket. Each way spells out the same loops in its own words, so nothing but the
/// calls under test differs.</summary>
internal abstract class Transport : IDisposable
{
    public const int MessageSize = 64;

    /// <summary>What each end of a ping-pong reads into: larger than a message, as in most programs, unless told otherwise.</summary>
    public static int BufferSize { get; set; } = 4096;

    public static Transport Over(Socket socket, string way) => way switch
    {
        Ways.Socket => new SocketTransport(socket),
        Ways.NetworkStream => new NetworkStreamTransport(socket),
        Ways.Connection => new ConnectionTransport(socket),
        Ways.ConnectionWithDeadlines => new DeadlineTransport(socket),
        _ => throw new ArgumentOutOfRangeException(nameof(way), way, "There is no such way to use a socket."),
    };

    /// <summary>The buffer of this end for <see cref="PingAsync"/> or <see cref="EchoAsync"/>.</summary>
    protected Memory<byte> Buffer { get; } = new byte[BufferSize];

    /// <summary>Sends a message and awaits its echo, again and again; returns how often.</summary>
    public abstract Task<long> PingAsync(long messages, Stopper stopper);

    /// <summary>Sends back whatever comes, until the peer closes.</summary>
    public abstract Task EchoAsync();

    /// <summary>Reads at least so many bytes with the buffer given; returns how many.</summary>
    public abstract Task<long> ReadAsync(Memory<byte> buffer, long bytes, Stopper stopper);

    /// <summary>Writes at least so many bytes from the buffer given; returns how many.</summary>
    public abstract Task<long> WriteAsync(ReadOnlyMemory<byte> buffer, long bytes, Stopper stopper);

    public abstract void Dispose();

    protected static EndOfStreamException PeerLeft() => new("The peer closed in the middle of a measurement.");
}
