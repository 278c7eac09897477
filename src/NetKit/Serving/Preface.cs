using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>One connection between its accept and its handler: the PROXY header, then the TLS handshake, under one deadline.</summary>
internal sealed class Preface : IThreadPoolWorkItem
{
    private readonly Prefaces _all;
    private readonly AdmissionTicket _ticket;
    private readonly OperationLimit _limit;
    private readonly long _began;
    private readonly bool _continuesAsynchronously;
    private readonly Connection _accepted;
    private Connection _connection; // the encrypted one, once there is one

    public Preface(Prefaces all, Connection connection, in AdmissionTicket ticket)
    {
        _all = all;
        _accepted = _connection = connection;
        _ticket = ticket;
        _began = all.TimeProvider.GetTimestamp();
        _limit = OperationLimit.Start(all.Timeout, connection.Reading.Scheduler, all.Stopping, CancellationToken.None);
        _continuesAsynchronously = connection.RunsContinuationsAsynchronously;
    }

    /// <summary>Begins elsewhere: on a loop of the engine, or in the thread pool where there is much to compute.</summary>
    public void Start()
    {
        if (_all.Tls is not null)
        {
            // A handshake computes for a millisecond or more. On a loop, every connection there would wait for it.
            _connection.RunsContinuationsAsynchronously = true;
        }

        _connection.Schedule(this);
    }

    // Owned by the server, which counts this connection until it is through or closed.
    public void Execute() => _ = RunAsync();

    private async Task RunAsync()
    {
        var failure = await TryHandOverAsync().ConfigureAwait(false);
        _limit.Dispose();
        try
        {
            if (failure is not null)
            {
                await CloseAsync(failure).ConfigureAwait(false);
            }
        }
        finally
        {
            ConnectionReport.HandshakeEnded(_accepted, _all.TimeProvider.GetElapsedTime(_began), OutcomeOf(failure));
            _all.OnEnded(_ticket, isHandedOver: failure is null);
        }
    }

    /// <summary>Goes the whole way; gives the failure that ended it, or null.</summary>
    private async ValueTask<Exception?> TryHandOverAsync()
    {
        try
        {
            if (_all.ProxyProtocol is { } proxyProtocol)
            {
                await ReadProxyHeaderAsync(proxyProtocol).ConfigureAwait(false);
            }

            if (_all.Tls is { } tls)
            {
                _connection = await AuthenticateAsync(tls).ConfigureAwait(false);
            }

            _all.Stopping.ThrowIfCancellationRequested();
            _connection.RunsContinuationsAsynchronously = _continuesAsynchronously;
            _all.HandOver(_connection, _ticket);
            return null;
        }
        catch (OperationCanceledException) when (_all.Stopping.IsCancellationRequested)
        {
            return Failure(ConnectionError.Closed, "handshake", "the server stops");
        }
        catch (OperationCanceledException) when (_limit.Token.IsCancellationRequested)
        {
            return new DeadlineExceededException("handshake", _connection.LocalEndPoint, _connection.RemoteEndPoint);
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    private async ValueTask ReadProxyHeaderAsync(ProxyProtocolOptions options)
    {
        if (options.Trusts(_connection.RemoteEndPoint))
        {
            _connection.ShowAs(await ProxyHeaderReader.ReadAsync(_connection, options.MaxHeaderLength, _limit.Token).ConfigureAwait(false));
        }
        else if (!options.ServeUntrusted)
        {
            throw Failure(ConnectionError.AccessDenied, "PROXY header", "the peer is not of a trusted network");
        }
    }

    private async ValueTask<Connection> AuthenticateAsync(ServerTls tls)
    {
        var bytes = new HandshakeStream(_connection, _all.Gate, _limit.Token);
        try
        {
            return await TlsConnection.AuthenticateAsync(_connection, bytes, stream => tls.HandshakeAsync(stream, bytes, _limit.Token)).ConfigureAwait(false);
        }
        finally
        {
            bytes.EndHandshake();
        }
    }

    private async ValueTask CloseAsync(Exception failure)
    {
        if (OutcomeOf(failure) != "failed")
        {
            _connection.Abort();
        }

        // Politely where TLS did not agree: it has said why, in an alert that a reset could overtake.
        await _connection.DisposeAsync().ConfigureAwait(false);

        // Last: a callback of the user's may have thrown what cannot even be described.
        if (_all.Logger.IsEnabled(LogLevel.Debug))
        {
            Log.HandshakeFailed(_all.Logger, _connection.ToString(), failure.Message);
        }
    }

    private ConnectionException Failure(ConnectionError error, string operation, string detail) =>
        new(error, operation, _connection.LocalEndPoint, _connection.RemoteEndPoint, detail: detail);

    private static string OutcomeOf(Exception? failure) => failure switch
    {
        null => "completed",
        ConnectionException { Error: ConnectionError.DeadlineExceeded } => "timeout",
        ConnectionException { Error: ConnectionError.ProtocolViolation } => "protocol_violation",
        ConnectionException { Error: ConnectionError.AccessDenied } => "untrusted",
        ConnectionException { Error: ConnectionError.Closed } => "stopped",
        ConnectionException and not { Error: ConnectionError.TlsFailed } => "aborted",
        _ => "failed",
    };
}
