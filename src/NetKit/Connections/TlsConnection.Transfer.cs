using System.Buffers;
using System.Runtime.CompilerServices;

namespace NetKit;

// Reading and writing: turns, records, and the identity that failures have on every connection.
public sealed partial class TlsConnection
{
    private const int LargestRecord = 16 * 1024; // RFC 8446, 5.1

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
                if (_ahead is not null)
                {
                    await EndReadAheadAsync(limit.Token).ConfigureAwait(false);
                }

                var count = await _tls.ReadAsync(buffer, limit.Token).ConfigureAwait(false);
                _mayHoldMore = count == buffer.Length;
                _sawEnd = count == 0 && !buffer.IsEmpty;
                return count;
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
            if (buffers.IsSingleSegment)
            {
                await WriteRecordsAsync(buffers.First, limit.Token).ConfigureAwait(false);
            }
            else
            {
                await WriteTogetherAsync(buffers, limit.Token).ConfigureAwait(false);
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

    /// <summary>Lets buffers share records: each record costs a system call, and a header and a tag on the wire.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteTogetherAsync(ReadOnlySequence<byte> buffers, CancellationToken token)
    {
        var record = ArrayPool<byte>.Shared.Rent((int)Math.Min(buffers.Length, LargestRecord));
        try
        {
            while (!buffers.IsEmpty)
            {
                var part = buffers.Slice(0, Math.Min(buffers.Length, LargestRecord));
                part.CopyTo(record);
                await WriteRecordsAsync(record.AsMemory(0, (int)part.Length), token).ConfigureAwait(false);
                buffers = buffers.Slice(part.Length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(record);
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

            // A server that gave the connection up says why.
            var gaveUp = exception.InnerException as TimeoutException;
            throw new ConnectionException(
                exception.Error, "write", LocalEndPoint, RemoteEndPoint, (Exception?)gaveUp ?? exception, detail: gaveUp?.Message);
        }
    }

    private ValueTask EnterAsync(ref Turn turn, Deadline limit, string operation, CancellationToken cancellationToken) =>
        turn.TryEnter() ? ValueTask.CompletedTask : WaitAsync(turn.EnterAsync(limit, cancellationToken), operation);

    private async ValueTask WaitAsync(ValueTask<bool> turn, string operation)
    {
        if (!await turn.ConfigureAwait(false))
        {
            throw DeadlineExceeded(operation);
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
            throw DeadlineExceeded(operation);
        }
    }

    /// <summary>Gives an event in the TLS layer the identity it has on every connection.</summary>
    private Exception Translate(Exception exception, string operation, CancellationToken caller)
    {
        if (exception is OperationCanceledException)
        {
            return caller.IsCancellationRequested
                ? new OperationCanceledException(caller)
                : DeadlineExceeded(operation);
        }

        return Volatile.Read(ref _closed) != 0
            ? new ConnectionException(ConnectionError.Closed, operation, LocalEndPoint, RemoteEndPoint)
            : new ConnectionException(ConnectionError.TlsFailed, operation, LocalEndPoint, RemoteEndPoint, exception, detail: TlsErrors.CauseOf(exception));
    }
}
