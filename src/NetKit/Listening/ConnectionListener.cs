using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Listens at an endpoint and accepts connections.</summary>
/// <remarks>
/// <para>Closing it stops accepting; connections that were accepted live on. All members may be called from any thread at
/// any time; several callers may accept at once.</para>
/// <para><see cref="AcceptAllAsync"/> cannot die of what happens to a client or of a shortage of descriptors; a loop around
/// <see cref="AcceptAsync"/> has to see to that itself.</para>
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or links holds nothing to dispose of.")]
public sealed class ConnectionListener : IAsyncDisposable
{
    private readonly Acceptor _acceptor;
    private readonly SteadyAccept _steadyAccept;
    private readonly CancellationTokenSource _close = new();

    internal ConnectionListener(Acceptor acceptor, ILogger logger, TimeProvider? timeProvider)
    {
        _acceptor = acceptor;
        TimeProvider = timeProvider;
        _steadyAccept = new SteadyAccept(acceptor, logger, timeProvider);
        Closed = _close.Token;
    }

    /// <summary>Names where clients find the listener: with the real port when port 0 was asked for.</summary>
    public EndPoint LocalEndPoint => _acceptor.LocalEndPoint;

    /// <summary>The clock of the listener and its connections; null is the system's.</summary>
    internal TimeProvider? TimeProvider { get; }

    /// <summary>Is cancelled when the listener has been closed.</summary>
    internal CancellationToken Closed { get; }

    /// <summary>Binds to an endpoint and listens at once.</summary>
    /// <param name="endPoint">
    /// An <see cref="IPEndPoint"/> (port 0: the system picks one; <see cref="IPAddress.IPv6Any"/> takes IPv4 too, see
    /// <see cref="ListenerOptions.DualMode"/>; an IPv4 address in the form of an IPv6 one is that IPv4 address) or a <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>. A Unix socket's
    /// file that a dead server left behind is replaced; its own file is deleted at close.
    /// </param>
    /// <param name="options">How to listen. Default (null): the defaults of <see cref="ListenerOptions"/>.</param>
    /// <param name="loggerFactory">Where trouble is logged. Default (null): nowhere.</param>
    /// <param name="timeProvider">The clock of waits and of the accepted connections' timeouts. Default (null): the system's.</param>
    /// <exception cref="ConnectionException">
    /// With <see cref="ConnectionError.AddressInUse"/>, <see cref="ConnectionError.AccessDenied"/>,
    /// <see cref="ConnectionError.AddressNotAvailable"/> or <see cref="ConnectionError.ResourceExhausted"/>.
    /// </exception>
    /// <exception cref="ArgumentException">The endpoint is of another kind.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it and its value.</exception>
    /// <exception cref="PlatformNotSupportedException"><see cref="ListenerOptions.ReusePort"/> is asked for where there is none.</exception>
    public static ConnectionListener Bind(
        EndPoint endPoint, ListenerOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        var validated = (options ?? ListenerOptions.Default).Validated();
        var logger = GuardedLogger.Create<ConnectionListener>(loggerFactory);
        var socket = SocketBinding.Listen(endPoint, validated);
        try
        {
            return new ConnectionListener(SocketAcceptor.Create(socket, validated, timeProvider), logger, timeProvider);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            throw exception is SocketException failure ? SocketErrors.ToException(failure, "listen", endPoint, remote: null) : exception;
        }
    }

    /// <summary>Makes a listener that is reached in this process only, without a socket.</summary>
    /// <param name="dialer">Opens connections to it; takes <see cref="LocalEndPoint"/> only.</param>
    /// <param name="timeProvider">The clock of the connections' timeouts. Default (null): the system's.</param>
    /// <remarks>Up to 512 dialed connections wait to be accepted; a dial beyond them waits.</remarks>
    public static ConnectionListener CreateInMemory(out IDialer dialer, TimeProvider? timeProvider = null)
    {
        var acceptor = new MemoryAcceptor(ListenerOptions.Default.Backlog, timeProvider);
        dialer = acceptor;
        return new ConnectionListener(acceptor, GuardedLogger.Create<ConnectionListener>(factory: null), timeProvider);
    }

    /// <summary>Waits for the next connection.</summary>
    /// <param name="cancellationToken">Ends this wait only; the connection it would have got goes to the next caller.</param>
    /// <returns>The connection, owned by the caller.</returns>
    /// <exception cref="ConnectionException">
    /// With <see cref="ConnectionError.Closed"/>: the listener was closed. With <see cref="ConnectionError.ResourceExhausted"/>:
    /// out of descriptors; a retry is worth it, after a wait.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<Connection> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var arrival = await _acceptor.AcceptAsync(cancellationToken).ConfigureAwait(false);
            if (_steadyAccept.TryOpen(arrival) is { } connection)
            {
                return connection;
            }
        }
    }

    /// <summary>Accepts connections until the listener is closed; then the sequence ends.</summary>
    /// <param name="cancellationToken">Ends the sequence with an <see cref="OperationCanceledException"/>; the listener stays open.</param>
    /// <remarks>
    /// A client that hangs up too soon is passed over. When descriptors, buffers or memory run out, it waits (5 ms, doubling to
    /// 1 s), logs that once a while, turns clients away that waited long, and goes on when resources return.
    /// </remarks>
    public async IAsyncEnumerable<Connection> AcceptAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await AcceptSteadilyAsync(cancellationToken).ConfigureAwait(false) is { } arrival)
        {
            if (_steadyAccept.TryOpen(arrival) is { } connection)
            {
                yield return connection;
            }
        }
    }

    /// <summary>Stops accepting. Clients that wait to be accepted are reset; accepted connections live on. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        await _acceptor.DisposeAsync().ConfigureAwait(false);
        _steadyAccept.Stop();
        await _close.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Waits for the next client through every trouble; null when the listener is closed.</summary>
    internal ValueTask<Arrival?> AcceptSteadilyAsync(CancellationToken cancellationToken) => _steadyAccept.NextAsync(cancellationToken);

    /// <summary>Makes the connection of a client; null when it is gone already.</summary>
    internal Connection? TryOpen(Arrival arrival) => _steadyAccept.TryOpen(arrival);

    /// <summary>Says that a connection was closed: a wait for resources may be over.</summary>
    internal void OnConnectionClosed() => _steadyAccept.OnResourcesFreed();
}
