using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Opens a plain connection to one address.</summary>
internal abstract class Connector
{
    // How long to wait when a Unix listener's backlog is full. TCP has its own way: the system sends its question again.
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider? _timeProvider;

    protected Connector(TimeProvider? timeProvider) => _timeProvider = timeProvider;

    /// <summary>Makes the connector that the options and the system call for.</summary>
    public static Connector Create(DialerOptions options, TimeProvider? timeProvider) =>

        // A Unix socket with a name of its own leaves a file behind, which .NET's socket deletes.
        SocketEngines.IsPolled(options.Socket.Engine) && options.LocalEndPoint is not UnixDomainSocketEndPoint
            ? new PolledConnector(options, timeProvider)
            : new PortableConnector(options, timeProvider);

    /// <summary>Opens a connection. Whatever it throws, nothing is left open.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SocketException">The system refused.</exception>
    public async ValueTask<Connection> ConnectAsync(EndPoint address, CancellationToken stop)
    {
        if (address is MemoryEndPoint memory)
        {
            return memory.Listener is { } listener
                ? await listener.DialAsync(memory, stop).ConfigureAwait(false)
                : throw new ConnectionException(ConnectionError.Refused, "dial", remoteEndPoint: memory);
        }

        var wait = s_firstWait;
        while (true)
        {
            try
            {
                return await ConnectSocketAsync(address, stop).ConfigureAwait(false);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock && address is UnixDomainSocketEndPoint)
            {
                // The listener's backlog is full, and nothing tells when it has room again.
                await Task.Delay(wait, _timeProvider ?? TimeProvider.System, stop).ConfigureAwait(false);
                wait = wait * 2 < s_longestWait ? wait * 2 : s_longestWait;
            }
        }
    }

    /// <summary>Opens a connection over a socket of its own.</summary>
    protected abstract ValueTask<Connection> ConnectSocketAsync(EndPoint address, CancellationToken stop);
}
