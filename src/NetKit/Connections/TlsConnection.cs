using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NetKit;

/// <summary>Carries an encrypted stream of bytes over another connection.</summary>
/// <remarks>
/// Shares the deadlines of the connection below, and takes its timeouts over. Reads that time out or are cancelled lose nothing. A write
/// that is cut short, by deadline, token or error, has spent its record: every later write fails, reads go on.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or links holds nothing to dispose of.")]
public sealed class TlsConnection : Connection
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

    internal override ConnectionHalf Writing => _inner.Writing;

    internal override ConnectionHalf? WritingIfMade => _inner.WritingIfMade;

    internal static ValueTask<TlsConnection> AuthenticateAsClientAsync(
        Connection inner, SslClientAuthenticationOptions options, CancellationToken cancellationToken) =>
        AuthenticateAsync(inner, tls => tls.AuthenticateAsClientAsync(options, cancellationToken));

    internal static ValueTask<TlsConnection> AuthenticateAsServerAsync(
        Connection inner, SslServerAuthenticationOptions options, CancellationToken cancellationToken) =>
        AuthenticateAsync(inner, tls => tls.AuthenticateAsServerAsync(options, cancellationToken));

    /// <inheritdoc/>
    public override void Abort()
    {
        Interlocked.Exchange(ref _closed, 1);
        _inner.Abort();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private protected override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var patience = FromNow(ReadLimit);
        while (true)
        {
            var pause = Volatile.Read(ref _pause).Token;
            using var limit = OperationLimit.Start(patience.Patience, Reading.Scheduler, pause, cancellationToken);
            await EnterAsync(ref _readTurn, patience, "read", cancellationToken).ConfigureAwait(false);
            try
            {
                ThrowIfRefused("read", Reading);
                return await _tls.ReadAsync(buffer, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (pause.IsCancellationRequested && !cancellationToken.IsCancellationRequested && !patience.HasPassed)
            {
                // Asked to make way for close_notify. Nothing is lost: a read stopped in the middle of a record goes on.
            }
            catch (Exception exception) when (exception is not ConnectionException)
            {
                throw Translate(exception, "read", cancellationToken);
            }
            finally
            {
                _readTurn.Exit();
            }
        }
    }

    private protected override ValueTask SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        SendAsync(new ReadOnlySequence<byte>(buffer), cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private protected override async ValueTask SendAsync(ReadOnlySequence<byte> buffers, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var patience = FromNow(WriteLimit);
        using var limit = OperationLimit.Start(WriteLimit, Reading.Scheduler, CancellationToken.None, cancellationToken);
        await EnterAsync(ref _writeTurn, patience, "write", cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfUnwritable("write");
            foreach (var segment in buffers)
            {
                await WriteRecordsAsync(segment, limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is not ConnectionException)
        {
            throw Translate(exception, "write", cancellationToken);
        }
        finally
        {
            _writeTurn.Exit();
        }
    }

    private protected override async ValueTask SendEndAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await EnterAsync(ref _writeTurn, FromNow(WriteLimit), "complete writes", cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosed("complete writes");
            if (_writeState == WriteState.Completed)
            {
                return;
            }

            ThrowIfUnwritable("complete writes");
            await SendCloseNotifyAsync(Deadline.None, cancellationToken).ConfigureAwait(false);
        }
        catch (DeadlineExceededException)
        {
            throw new DeadlineExceededException("complete writes", LocalEndPoint, RemoteEndPoint);
        }
        catch (Exception exception) when (exception is not ConnectionException)
        {
            throw Translate(exception, "complete writes", cancellationToken);
        }
        finally
        {
            _writeTurn.Exit();
        }
    }

    private protected override async ValueTask CloseAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            await SayGoodbyeAsync().ConfigureAwait(false);
        }

        // Ends whatever still waits below, so that both turns come free.
        await _inner.DisposeAsync().ConfigureAwait(false);
        await _readTurn.EnterAsync(Deadline.None, CancellationToken.None).ConfigureAwait(false);
        await _writeTurn.EnterAsync(Deadline.None, CancellationToken.None).ConfigureAwait(false);
        await _tls.DisposeAsync().ConfigureAwait(false);
        _writeTurn.Exit();
        _readTurn.Exit();
    }

    private protected override void Close(TimeSpan patience)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            // Bounded by a deadline of its own.
            BlockingWait.For(SayGoodbyeAsync());
        }

        _inner.Dispose();
        var limit = Deadline.After(patience);
        var reading = BlockingWait.For(_readTurn.EnterAsync(limit, CancellationToken.None));
        var writing = BlockingWait.For(_writeTurn.EnterAsync(limit, CancellationToken.None));
        if (reading && writing)
        {
            _tls.Dispose();
        }

        if (writing)
        {
            _writeTurn.Exit();
        }

        if (reading)
        {
            _readTurn.Exit();
        }
    }

    private static async ValueTask<TlsConnection> AuthenticateAsync(Connection inner, Func<SslStream, Task> handshake)
    {
        var tls = new SslStream(inner, leaveInnerStreamOpen: true);
        try
        {
            await handshake(tls).ConfigureAwait(false);
            return new TlsConnection(inner, tls);
        }
        catch (Exception exception)
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            if (exception is AuthenticationException or InvalidOperationException or IOException and not ConnectionException)
            {
                throw new ConnectionException(
                    ConnectionError.TlsFailed, "TLS handshake", inner.LocalEndPoint, inner.RemoteEndPoint, exception, detail: exception.Message);
            }

            throw;
        }
    }

    /// <summary>Sends close_notify if no write of ours is in the way and the peer takes it soon. Never throws.</summary>
    private async ValueTask SayGoodbyeAsync()
    {
        if (!_writeTurn.TryEnter())
        {
            return;
        }

        try
        {
            if (_writeState == WriteState.Open)
            {
                var limit = Deadline.After(s_goodbyeTime);
                _inner.WriteDeadline = Deadline.Earliest(_inner.WriteDeadline, limit);
                await SendCloseNotifyAsync(limit, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // The peer is gone, does not read, or TLS never got that far: it gets the end without the notice.
        }
        finally
        {
            _writeTurn.Exit();
        }
    }

    /// <summary>Sends close_notify, with the writing turn held.</summary>
    /// <remarks>
    /// With reads out of the way: SslStream's shutdown and a read that is being decrypted work on the same TLS state
    /// without a lock between them. A read that waits is stopped, and goes on behind us.
    /// </remarks>
    private async ValueTask SendCloseNotifyAsync(Deadline limit, CancellationToken cancellationToken)
    {
        // Queued before the read is stopped, so that it finds us ahead of it.
        var turn = _readTurn.EnterAsync(limit, cancellationToken).AsTask();
        var pause = Interlocked.Exchange(ref _pause, new CancellationTokenSource());
        await pause.CancelAsync().ConfigureAwait(false);
        if (!await turn.ConfigureAwait(false))
        {
            return;
        }

        try
        {
            _writeState = WriteState.CutShort;
            _cutShortBy = ConnectionError.Closed;
            await _tls.ShutdownAsync().ConfigureAwait(false);
            _writeState = WriteState.Completed;
        }
        finally
        {
            _readTurn.Exit();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteRecordsAsync(ReadOnlyMemory<byte> buffer, CancellationToken token)
    {
        // Unless it ends well, the record it was in is spent, and the peer could not make sense of another.
        _writeState = WriteState.CutShort;
        _cutShortBy = ConnectionError.Closed;
        try
        {
            await _tls.WriteAsync(buffer, token).ConfigureAwait(false);
            _writeState = WriteState.Open;
        }
        catch (DeadlineExceededException)
        {
            // Counted anew: what went below are bytes of records, which are nobody's to resume.
            throw new DeadlineExceededException("write", LocalEndPoint, RemoteEndPoint);
        }
        catch (ConnectionException exception)
        {
            _cutShortBy = exception.Error;
            throw new ConnectionException(exception.Error, "write", LocalEndPoint, RemoteEndPoint, exception);
        }
    }

    private ValueTask EnterAsync(ref Turn turn, Deadline limit, string operation, CancellationToken cancellationToken) =>
        turn.TryEnter() ? ValueTask.CompletedTask : WaitAsync(turn.EnterAsync(limit, cancellationToken), operation);

    private async ValueTask WaitAsync(ValueTask<bool> turn, string operation)
    {
        if (!await turn.ConfigureAwait(false))
        {
            throw new DeadlineExceededException(operation, LocalEndPoint, RemoteEndPoint);
        }
    }

    private Deadline FromNow(TimeSpan limit) => Deadline.After(limit, Reading.Scheduler.TimeProvider);

    private void ThrowIfUnwritable(string operation)
    {
        ThrowIfRefused(operation, WritingIfMade);
        if (_writeState != WriteState.Open)
        {
            throw _writeState == WriteState.Completed
                ? new ConnectionException(ConnectionError.Closed, operation, LocalEndPoint, RemoteEndPoint)
                : new ConnectionException(
                    _cutShortBy, operation, LocalEndPoint, RemoteEndPoint, detail: "an earlier write was cut short, and its TLS record with it");
        }
    }

    private void ThrowIfClosed(string operation)
    {
        if (Volatile.Read(ref _closed) != 0)
        {
            throw new ConnectionException(ConnectionError.Closed, operation, LocalEndPoint, RemoteEndPoint);
        }
    }

    private void ThrowIfRefused(string operation, ConnectionHalf? half)
    {
        ThrowIfClosed(operation);
        if (half is { HasPassed: true })
        {
            throw new DeadlineExceededException(operation, LocalEndPoint, RemoteEndPoint);
        }
    }

    /// <summary>Gives an event in the TLS layer the identity it has on every connection.</summary>
    private Exception Translate(Exception exception, string operation, CancellationToken caller)
    {
        if (exception is OperationCanceledException)
        {
            return caller.IsCancellationRequested
                ? new OperationCanceledException(caller)
                : new DeadlineExceededException(operation, LocalEndPoint, RemoteEndPoint);
        }

        return Volatile.Read(ref _closed) != 0
            ? new ConnectionException(ConnectionError.Closed, operation, LocalEndPoint, RemoteEndPoint)
            : new ConnectionException(ConnectionError.TlsFailed, operation, LocalEndPoint, RemoteEndPoint, exception, detail: exception.Message);
    }
}
