namespace NetKit;

// A look at the connection while nobody uses it.
public sealed partial class TlsConnection
{
    /// <remarks>
    /// Bytes that wait below say little: a server sends session tickets and key updates when it likes. Only TLS can tell. It is asked
    /// by a read into an empty buffer, which ends when there is data or the end, works off what else comes, and takes nothing.
    /// It is left running while the connection is idle, and the next read goes on after it: so nobody ever waits for it.
    /// </remarks>
    internal override IdleState CheckIdle(bool ask)
    {
        if (Volatile.Read(ref _closed) != 0 || _writeState == WriteState.Completed)
        {
            return IdleState.Closed;
        }

        if (_writeState == WriteState.CutShort)
        {
            // By the peer's end, or by a deadline or a token of this side.
            return _inner.CheckIdle(ask) == IdleState.Ended ? IdleState.Ended : IdleState.Closed;
        }

        // Taken before the turn: whoever wants reads out of the way queues for the turn first, and cancels this afterwards.
        var pause = Volatile.Read(ref _pause).Token;
        if (!_writeTurn.IsFree || !_readTurn.TryEnter())
        {
            return IdleState.Busy;
        }

        try
        {
            return LookAhead(ask, pause);
        }
        finally
        {
            _readTurn.Exit();
        }
    }

    private IdleState LookAhead(bool ask, CancellationToken pause)
    {
        if (_sawEnd)
        {
            return IdleState.Ended;
        }

        if (_ahead is { IsCompleted: true } ended)
        {
            var found = ended.GetAwaiter().GetResult();
            if (found != IdleState.Quiet)
            {
                return found == IdleState.Unread ? WhatIsAhead() : found;
            }

            // A deadline stopped it. Nothing was lost, and nothing learned.
            _ahead = null;
        }

        if (_ahead is not null)
        {
            return IdleState.Quiet;
        }

        if (!_mayHoldMore && _inner.CheckIdle(ask) is not IdleState.Unread and var below)
        {
            return below;
        }

        // Whoever happens to look must not lend its ambient state to a connection that stays.
        using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
        {
            _ahead = ReadAheadAsync(pause);
        }

        if (_ahead.IsCompleted)
        {
            return LookAhead(ask, pause);
        }

        // Had the last read left anything, this one would have ended at once.
        _mayHoldMore = false;
        return IdleState.Quiet;
    }

    // An empty read ends the same way for data and for the end.
    private IdleState WhatIsAhead() => !_mayHoldMore && _inner.CheckIdle(ask: true) == IdleState.Ended ? IdleState.Ended : IdleState.Unread;

    private async Task<IdleState> ReadAheadAsync(CancellationToken pause)
    {
        try
        {
            await _tls.ReadAsync(Memory<byte>.Empty, pause).ConfigureAwait(false);
            return IdleState.Unread;
        }
        catch (Exception exception) when (exception is OperationCanceledException or DeadlineExceededException)
        {
            return IdleState.Quiet;
        }
        catch (Exception)
        {
            // The next read fails for the same reason, and says so.
            return IdleState.Ended;
        }
    }

    /// <summary>Waits for the read that was begun while idle. In the reading turn. If the wait is cut short, the next read takes it up.</summary>
    private async ValueTask EndReadAheadAsync(CancellationToken cancellationToken)
    {
        if (_ahead is { } ahead)
        {
            await ahead.WaitAsync(cancellationToken).ConfigureAwait(false);
            _ahead = null;
        }
    }
}
