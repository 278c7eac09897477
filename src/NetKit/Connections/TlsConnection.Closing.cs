namespace NetKit;

// Half-close and close: close_notify, and who makes way for it.
public sealed partial class TlsConnection
{
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
        await EndReadAheadAsync(CancellationToken.None).ConfigureAwait(false);
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
            BlockingWait.For(EndReadAheadAsync(CancellationToken.None));
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
            await EndReadAheadAsync(cancellationToken).ConfigureAwait(false);
            await _tls.ShutdownAsync().ConfigureAwait(false);
            _writeState = WriteState.Completed;
        }
        finally
        {
            _readTurn.Exit();
        }
    }
}
