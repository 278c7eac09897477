using System.Net;
using System.Net.Security;

namespace NetKit;

/// <summary>One attempt of a dial: connects to one address, runs the TLS handshake if there is to be one, and competes for the dial.</summary>
internal sealed class AddressAttempt
{
    private readonly EndPoint _address;
    private readonly AttemptLimit _limit;
    private readonly EndPoint? _local;
    private readonly SslClientAuthenticationOptions? _tls;
    private readonly DialDecision _decision;
    private readonly DialReport _report;
    private DialPhase _phase = DialPhase.Connect;
    private Connection? _connection;

    /// <param name="address">Where to.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="local">What its socket is bound to.</param>
    /// <param name="tls">The handshake; null when there is to be none.</param>
    /// <param name="decision">What it competes for.</param>
    /// <param name="report">Whose clock it goes by.</param>
    public AddressAttempt(
        EndPoint address, AttemptLimit limit, EndPoint? local, SslClientAuthenticationOptions? tls, DialDecision decision, DialReport report)
    {
        _address = address;
        _limit = limit;
        _local = local;
        _tls = tls;
        _decision = decision;
        _report = report;
    }

    /// <summary>Runs the attempt. It never throws, and leaves nothing open but the connection that won.</summary>
    /// <param name="connector">What opens the plain connection.</param>
    /// <param name="win">Takes the connection when it has decided the dial.</param>
    public async Task<DialAttempt> RunAsync(Connector connector, Action<Connection> win)
    {
        var started = _report.Elapsed;
        var (outcome, error) = await CompeteAsync(connector).ConfigureAwait(false);
        var elapsed = _report.Elapsed - started;
        if (outcome == DialOutcome.Connected)
        {
            win(_connection!);
        }
        else if (_connection is not null)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }

        return new DialAttempt(_address, _phase, started, elapsed, outcome, error);
    }

    private async ValueTask<(DialOutcome Outcome, ConnectionException? Error)> CompeteAsync(Connector connector)
    {
        var started = _report.Elapsed;
        using var time = OperationLimit.Start(_limit.Timeout, _decision.Scheduler, CancellationToken.None, _decision.Stop);
        try
        {
            await EstablishAsync(connector, time.Token).ConfigureAwait(false);
            _limit.Adaptive?.Record(_report.Elapsed - started);
            return _decision.TryDecide(DialVerdict.Connected)
                ? (DialOutcome.Connected, null)
                : DialErrors.OfStop(_decision.Verdict, _limit, _local, _address);
        }
        catch (Exception exception)
        {
            // What comes after the order to stop is its consequence, whatever it looks like.
            if (!time.Token.IsCancellationRequested)
            {
                return (DialOutcome.Failed, DialErrors.ToException(exception, _local, _address));
            }

            if (_limit.IsAdaptive && !_decision.IsDecided)
            {
                _limit.Adaptive!.RecordTimeout();
            }

            return DialErrors.OfStop(_decision.Verdict, _limit, _local, _address);
        }
    }

    private async ValueTask EstablishAsync(Connector connector, CancellationToken stop)
    {
        _connection = await ConnectAsync(connector, stop).ConfigureAwait(false);
        if (_tls is not null)
        {
            _phase = DialPhase.Tls;
            _connection = await SecureAsync(_connection, _tls, stop).ConfigureAwait(false);
        }
    }

    private async ValueTask<Connection> ConnectAsync(Connector connector, CancellationToken stop)
    {
        if (!DialTarget.Reaches(_local, _address))
        {
            throw new ConnectionException(
                ConnectionError.AddressNotAvailable,
                "dial",
                _local,
                _address,
                detail: $"{nameof(DialerOptions)}.{nameof(DialerOptions.LocalEndPoint)} is of another family");
        }

        var span = DialSpans.StartConnect(_address);
        try
        {
            var connection = await connector.ConnectAsync(_address, stop).ConfigureAwait(false);
            NetKitActivities.End(span);
            return connection;
        }
        catch (Exception exception)
        {
            NetKitActivities.End(span, ReasonFor(exception, stop));
            throw;
        }
    }

    private async ValueTask<Connection> SecureAsync(
        Connection connection, SslClientAuthenticationOptions options, CancellationToken stop)
    {
        var span = DialSpans.StartTls(options.TargetHost);
        try
        {
            var secured = await connection.AuthenticateAsClientAsync(options, stop).ConfigureAwait(false);
            DialSpans.SetAgreement(span, secured.SslProtocol, secured.NegotiatedApplicationProtocol);
            NetKitActivities.End(span);
            return secured;
        }
        catch (Exception exception)
        {
            NetKitActivities.End(span, ReasonFor(exception, stop));
            throw;
        }
    }

    /// <summary>What a step is said to have failed with: the reason why it was told to stop, and nothing when it lost or was given up.</summary>
    private Exception? ReasonFor(Exception exception, CancellationToken stop) =>
        stop.IsCancellationRequested ? DialErrors.OfStop(_decision.Verdict, _limit, _local, _address).Error : exception;
}
