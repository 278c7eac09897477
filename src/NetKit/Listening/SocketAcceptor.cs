using System.Net;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Accepts clients of a listening socket: TCP or Unix.</summary>
/// <remarks>
/// One accept at a time is with the runtime; callers take turns. When its caller gives up it is abandoned, not cancelled:
/// it stays, and the next caller gets its client. So no client is lost, and giving up again and again piles nothing up.
/// </remarks>
internal sealed class SocketAcceptor : Acceptor
{
    private readonly Socket _socket;
    private readonly ListenerOptions _options;
    private readonly TimeProvider? _timeProvider;
    private readonly Lock _reserveGate = new(); // guards _reserve
    private readonly ReserveDescriptor _reserve = new();
    private Turn _turn;
    private Task<Socket>? _abandoned; // guarded by the turn
    private int _closed;

    public SocketAcceptor(Socket socket, ListenerOptions options, TimeProvider? timeProvider)
    {
        _socket = socket;
        _options = options;
        _timeProvider = timeProvider;
        LocalEndPoint = socket.LocalEndPoint!;
    }

    public override EndPoint LocalEndPoint { get; }

    public override async ValueTask<Arrival> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await AcceptSocketAsync(cancellationToken).ConfigureAwait(false);
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
                continue;
            }
            catch (SocketException exception)
            {
                throw SocketErrors.ToException(exception, "accept", LocalEndPoint, remote: null);
            }

            if (IsClosed)
            {
                // Accepted before the close and delivered after it.
                socket.Close(timeout: 0);
                throw Closed();
            }

            if (!DescriptorLimit.IsSpared(socket.Handle) && TryTakeReserve())
            {
                return new Arrival(socket, _options.Socket, _timeProvider);
            }

            // There was room to hear of this client, not to serve it. It is told at once.
            socket.Close(timeout: 0);
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

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return ValueTask.CompletedTask;
        }

        _socket.Dispose();
        lock (_reserveGate)
        {
            _reserve.Dispose();
        }

        CloseAbandoned();
        return ValueTask.CompletedTask;
    }

    private bool IsClosed => Volatile.Read(ref _closed) != 0;

    private async ValueTask<Socket> AcceptSocketAsync(CancellationToken cancellationToken)
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
                CloseAbandoned();
            }
        }
    }

    private async ValueTask<Socket> AcceptInTurnAsync(CancellationToken cancellationToken)
    {
        var accept = _abandoned;
        _abandoned = null;
        if (accept is null)
        {
            var begun = _socket.AcceptAsync(CancellationToken.None);
            if (begun.IsCompleted || !cancellationToken.CanBeCanceled)
            {
                return await begun.ConfigureAwait(false);
            }

            accept = begun.AsTask();
        }

        try
        {
            return await accept.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _abandoned = accept;
            throw;
        }
    }

    /// <summary>Sees to an accept that was left behind. Whoever holds the turn does so when it leaves.</summary>
    private void CloseAbandoned()
    {
        if (!_turn.TryEnter())
        {
            return;
        }

        if (Interlocked.Exchange(ref _abandoned, null) is { } accept)
        {
            CloseWhenAccepted(accept);
        }

        _turn.Exit();
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

    private static void CloseWhenAccepted(Task<Socket> accept) => accept.ContinueWith(
        static accepted =>
        {
            if (accepted.IsCompletedSuccessfully)
            {
                accepted.Result.Close(timeout: 0);
            }
            else
            {
                _ = accepted.Exception; // Seen: the listener was closed, and that is all it says.
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    private ConnectionException Closed() => new(ConnectionError.Closed, "accept", LocalEndPoint);
}
