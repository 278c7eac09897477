using System.Net;
using Microsoft.Extensions.Logging;

namespace NetKit;

/// <summary>Opens connections: one deadline through name resolution, connect and TLS, and a race between the addresses of a host.</summary>
/// <remarks>
/// <para>Goes to an <see cref="IPEndPoint"/>, a <see cref="DnsEndPoint"/> (a host name or an address, of the family that it
/// names), a <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>, or the endpoint of a listener in memory.</para>
/// <para>A host's addresses are tried in an order that alternates between IPv6 and IPv4; the next attempt starts after
/// <see cref="DialerOptions.AttemptDelay"/>, or as soon as one failed (though never within 10 milliseconds of the last start), at
/// most four are under way, and the first that succeeds wins (RFC 8305, "Happy Eyeballs"). With <see cref="DialerOptions.Tls"/> that is the first to finish its handshake.</para>
/// <para>Safe to use from any thread; one dialer serves a whole program. It holds nothing that would have to be disposed.</para>
/// </remarks>
public sealed class Dialer : IBoundedDialer
{
    private readonly DialerOptions _options;
    private readonly Connector _connector;
    private readonly HostLookup _lookup;
    private readonly ILogger _logger;
    private readonly TimeProvider? _timeProvider;

    /// <summary>Makes a dialer.</summary>
    /// <param name="options">How to dial. Default (null): the defaults of <see cref="DialerOptions"/>.</param>
    /// <param name="loggerFactory">Where dials are logged, at levels Debug and Trace. Default (null): nowhere.</param>
    /// <param name="timeProvider">The clock of the dials and of their connections' timeouts. Default (null): the system's.</param>
    /// <exception cref="ArgumentException">An option is invalid; the message names it and its value.</exception>
    /// <exception cref="PlatformNotSupportedException"><see cref="SocketOptions.Engine"/> asks for what this system does not have.</exception>
    public Dialer(DialerOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : this(options, connector: null, loggerFactory, timeProvider)
    {
    }

    internal Dialer(DialerOptions? options, Connector? connector, ILoggerFactory? loggerFactory, TimeProvider? timeProvider)
    {
        _options = (options ?? DialerOptions.Default).Validated();
        _timeProvider = ReferenceEquals(timeProvider, TimeProvider.System) ? null : timeProvider;
        _connector = connector ?? Connector.Create(_options, _timeProvider);
        _lookup = new HostLookup(_options.Resolve);
        _logger = GuardedLogger.Create<Dialer>(loggerFactory);
    }

    /// <summary>Opens a connection.</summary>
    /// <param name="endPoint">Where to.</param>
    /// <param name="cancellationToken">Ends the dial, at any stage. Cancelled after the dial has succeeded it has no effect on the connection.</param>
    /// <returns>
    /// The connection, owned by the caller; a <see cref="TlsConnection"/> when <see cref="DialerOptions.Tls"/> is set. However a dial
    /// ends, it leaves no other connection open and no attempt under way.
    /// </returns>
    /// <exception cref="DialException">No attempt succeeded, or the time was over. It says how each attempt went.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ArgumentException">A dialer does not go to endpoints of that kind.</exception>
    public ValueTask<Connection> DialAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
        DialAsync(endPoint, Deadline.None, TimeSpan.Zero, cancellationToken);

    ValueTask<Connection> IBoundedDialer.DialAsync(
        EndPoint endPoint, Deadline limit, TimeSpan before, CancellationToken cancellationToken) =>
        DialAsync(endPoint, limit, before, cancellationToken);

    private async ValueTask<Connection> DialAsync(
        EndPoint endPoint, Deadline limit, TimeSpan before, CancellationToken cancellationToken)
    {
        DialTarget.ThrowIfUnknown(endPoint);
        cancellationToken.ThrowIfCancellationRequested();
        var report = new DialReport(endPoint, before, _options, _logger, _timeProvider);
        var run = new DialRun(endPoint, _options, _connector, report, limit, _timeProvider, cancellationToken);
        switch (await run.RunAsync(_lookup).ConfigureAwait(false))
        {
            case DialVerdict.Connected:
                report.Succeed(run.Connection!.RemoteEndPoint);
                return run.Connection;

            case DialVerdict.Cancelled:
                report.Cancel();
                throw new OperationCanceledException(cancellationToken);

            case var verdict:
                var exception = ToException(endPoint, verdict, report.Attempts, limit);
                report.Fail(exception);
                throw exception;
        }
    }

    private DialException ToException(EndPoint endPoint, DialVerdict verdict, IReadOnlyList<DialAttempt> attempts, Deadline limit)
    {
        if (verdict == DialVerdict.DeadlineExceeded)
        {
            return new DialException(
                ConnectionError.DeadlineExceeded,
                endPoint,
                attempts,
                localEndPoint: _options.LocalEndPoint,
                detail: limit.HasPassed
                    ? "no connection within the time that was left"
                    : $"no connection within {ErrorSentence.Format(_options.ConnectTimeout)} ({nameof(DialerOptions.ConnectTimeout)})");
        }

        // Every attempt has failed here, the preferred address's too.
        var blamed = attempts[0].Error!;
        return new DialException(blamed.Error, endPoint, attempts, blamed, _options.LocalEndPoint, blamed.Cause);
    }
}
