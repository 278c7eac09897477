using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NetKit;

/// <summary>Carries an encrypted stream of bytes over another connection.</summary>
/// <remarks>
/// Shares the deadlines of the connection below, and takes its timeouts over. Reads that time out or are cancelled lose
/// nothing. A write that is cut short, by deadline, token or error, has spent its record: every later write fails, reads go on.
/// A half-close stops the read that waits for a moment; it then goes on behind the other reads that were waiting.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or links holds nothing to dispose of.")]
public sealed partial class TlsConnection : Connection
{
    private static readonly TimeSpan s_goodbyeTime = TimeSpan.FromSeconds(1);

    private readonly Connection _inner;
    private readonly SslStream _tls;
    private Turn _readTurn;
    private Turn _writeTurn;
    private CancellationTokenSource _pause = new(); // stops the read that runs, to make way for close_notify
    private WriteState _writeState; // guarded by the writing turn
    private ConnectionError _cutShortBy; // likewise
    private int _closed;
    private Task<IdleState>? _ahead; // guarded by the reading turn: a read for nothing, begun to see what comes while idle
    private bool _mayHoldMore; // likewise: the last read filled its buffer
    private bool _sawEnd; // likewise

    private TlsConnection(Connection inner, SslStream tls)
        : base(inner.Reading)
    {
        _inner = inner;
        _tls = tls;

        // An operation here is several below: its timeout is measured here, over all of them.
        (ReadTimeout, WriteTimeout) = (inner.ReadTimeout, inner.WriteTimeout);
        inner.ReadTimeout = inner.WriteTimeout = Timeout.Infinite;
    }

    private enum WriteState : byte
    {
        Open,
        Completed,
        CutShort,
    }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint => _inner.LocalEndPoint;

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint => _inner.RemoteEndPoint;

    /// <inheritdoc/>
    public override Socket? Socket => _inner.Socket;

    /// <summary>Tells which version of TLS was agreed on.</summary>
    public SslProtocols SslProtocol => _tls.SslProtocol;

    /// <summary>Tells which application protocol was agreed on (ALPN); empty when none was.</summary>
    public SslApplicationProtocol NegotiatedApplicationProtocol => _tls.NegotiatedApplicationProtocol;

    /// <summary>Gives the peer's certificate; null when it sent none.</summary>
    public X509Certificate2? RemoteCertificate => _tls.RemoteCertificate as X509Certificate2;

    internal override ProxiedEndPoint? Proxied => _inner.Proxied;

    internal override bool RunsContinuationsAsynchronously
    {
        get => _inner.RunsContinuationsAsynchronously;
        set => _inner.RunsContinuationsAsynchronously = value;
    }

    // Of the connection below, handshake and records included.
    internal override uint Sent => _inner.Sent;

    internal override CloseCause ClosedFor => _inner.ClosedFor;

    internal override ConnectionHalf Writing => _inner.Writing;

    internal override ConnectionHalf? WritingIfMade => _inner.WritingIfMade;

    internal static ValueTask<TlsConnection> AuthenticateAsClientAsync(
        Connection inner, SslClientAuthenticationOptions options, CancellationToken cancellationToken) =>
        AuthenticateAsync(inner, inner, tls => tls.AuthenticateAsClientAsync(options, cancellationToken));

    internal static ValueTask<TlsConnection> AuthenticateAsServerAsync(
        Connection inner, SslServerAuthenticationOptions options, CancellationToken cancellationToken) =>
        AuthenticateAsync(inner, inner, tls => tls.AuthenticateAsServerAsync(options, cancellationToken));

    // One connection to whoever reads logs and traces: its handshake and what came of it.
    private protected override string MakeId() => _inner.Id;

    internal override void Schedule(IThreadPoolWorkItem work) => _inner.Schedule(work);

    /// <inheritdoc/>
    public override void Abort()
    {
        Interlocked.Exchange(ref _closed, 1);
        _inner.Abort();
    }

    // Latched below first: who reads or writes meanwhile hears the cause, and not that it was closed.
    internal override bool TryAbort(CloseCause cause) => _inner.TryAbort(cause);

    /// <summary>Runs a handshake on a connection.</summary>
    /// <param name="inner">The connection below, which the encrypted one owns.</param>
    /// <param name="bytes">What its bytes go through: itself, or a stream that looks on.</param>
    /// <param name="handshake">The handshake, of either side.</param>
    internal static async ValueTask<TlsConnection> AuthenticateAsync(Connection inner, Stream bytes, Func<SslStream, Task> handshake)
    {
        var tls = new SslStream(bytes, leaveInnerStreamOpen: true);
        try
        {
            await handshake(tls).ConfigureAwait(false);
            return new TlsConnection(inner, tls);
        }
        catch (Exception exception)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            if (exception.GetType() == typeof(IOException))
            {
                // The peer hung up. That says nothing about its certificate, and another try may go well. Of this very type: what
                // a callback of the user's throws, such as that a file is not there, is of one derived from it.
                throw new ConnectionException(
                    ConnectionError.Aborted,
                    "TLS handshake",
                    inner.LocalEndPoint,
                    inner.RemoteEndPoint,
                    exception,
                    detail: "the peer closed the connection in the middle of it");
            }

            if (exception is not (ConnectionException or OperationCanceledException or ArgumentException))
            {
                // Refused by either side, or not TLS at all: the layers below have many names for it.
                throw new ConnectionException(
                    ConnectionError.TlsFailed, "TLS handshake", inner.LocalEndPoint, inner.RemoteEndPoint, exception, detail: TlsErrors.CauseOf(exception));
            }

            throw;
        }
    }
}
