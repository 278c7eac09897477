using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace NetKit;

/// <summary>Accepts clients of a listening socket, TCP or Unix, and keeps a descriptor in reserve for the day when there are none left.</summary>
internal abstract class SocketAcceptor : Acceptor
{
    private readonly Lock _reserveGate = new(); // guards _reserve
    private readonly ReserveDescriptor _reserve = new();
    private Turn _turn;
    private int _closed;

    protected SocketAcceptor(EndPoint localEndPoint) => LocalEndPoint = localEndPoint;

    public sealed override EndPoint LocalEndPoint { get; }

    protected bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>Makes the acceptor that the options and the system call for. It owns the socket.</summary>
    public static SocketAcceptor Create(Socket socket, ListenerOptions options, TimeProvider? timeProvider) =>
        SocketEngines.IsPolled(options.Socket.Engine)
            ? new PolledAcceptor(socket, options, timeProvider)
            : new PortableAcceptor(socket, options, timeProvider);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public sealed override async ValueTask<Arrival> AcceptAsync(CancellationToken cancellationToken)
    {
        var isReserveFree = false;
        while (true)
        {
            AcceptedClient client;
            try
            {
                var accepting = AcceptAfterOthersAsync(cancellationToken);
                if (isReserveFree && !accepting.IsCompleted)
                {
                    // There was nobody to tell: the system wants a descriptor before it looks. Others are not to have it meanwhile.
                    TryTakeReserve();
                }

                client = await accepting.ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException && IsClosed)
            {
                throw Closed();
            }
            catch (SocketException exception) when (SocketErrors.IsPeerAbort(exception))
            {
                // That client hung up before we came to it. The next may be waiting.
                continue;
            }
            catch (SocketException exception) when (SocketErrors.IsResourcePressure(exception) && TryTurnNextAway())
            {
                // The reserve's descriptor is free now: enough to accept the next client and tell it.
                isReserveFree = true;
                continue;
            }
            catch (SocketException exception)
            {
                throw SocketErrors.ToException(exception, "accept", LocalEndPoint, remote: null);
            }

            if (IsClosed)
            {
                // Accepted before the close and delivered after it.
                client.Refuse();
                throw Closed();
            }

            if (!DescriptorLimit.IsSpared(client.Descriptor) && TryTakeReserve())
            {
                return new Arrival(this, client);
            }

            // There was room to hear of this client, not to serve it. It is told at once.
            client.Refuse();
            TryTakeReserve();
            if (MayTurnAway > 0)
            {
                MayTurnAway--;
                continue;
            }

            throw new ConnectionException(
                ConnectionError.ResourceExhausted,
                "accept",
                LocalEndPoint,
                detail: "a client was turned away, the process is about to run out of descriptors; raise its limit (ulimit -n)");
        }
    }

    public sealed override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return ValueTask.CompletedTask;
        }

        Close();
        lock (_reserveGate)
        {
            _reserve.Dispose();
        }

        LeaveAlone();
        return ValueTask.CompletedTask;
    }

    /// <summary>Makes the connection of a client. The client is refused when that fails.</summary>
    public abstract Connection Open(in AcceptedClient client);

    /// <summary>Waits for the next client. One caller at a time.</summary>
    protected abstract ValueTask<AcceptedClient> AcceptInTurnAsync(CancellationToken cancellationToken);

    /// <summary>Closes the socket. A wait for a client ends.</summary>
    protected abstract void Close();

    /// <summary>Clears up after the last caller, now that the listener is closed. In turn.</summary>
    protected virtual void OnLeft()
    {
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AcceptedClient> AcceptAfterOthersAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_turn.TryEnter())
        {
            await _turn.EnterAsync(Deadline.None, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return await AcceptInTurnAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Exit();
            if (IsClosed)
            {
                LeaveAlone();
            }
        }
    }

    // Whoever holds the turn does so when it leaves.
    private void LeaveAlone()
    {
        if (_turn.TryEnter())
        {
            OnLeft();
            _turn.Exit();
        }
    }

    private bool TryTakeReserve()
    {
        lock (_reserveGate)
        {
            return IsClosed || _reserve.TryTake();
        }
    }

    private bool TryTurnNextAway()
    {
        lock (_reserveGate)
        {
            return MayTurnAway > 0 && _reserve.TryRelease();
        }
    }

    private ConnectionException Closed() => new(ConnectionError.Closed, "accept", LocalEndPoint);
}
