using System.Buffers;
using System.Runtime.CompilerServices;

namespace NetKit;

/// <summary>Writes frames, which are messages with a beginning and an end, to a stream of bytes.</summary>
/// <remarks>
/// <para>Header and frame leave together, in one system call on sockets, and the frame is not copied. Several frames can be
/// written as one, too.</para>
/// <para>May be called from any thread at any time: writes take turns in the order of their calls, and none comes between the
/// frames of another. They obey <see cref="Connection.WriteDeadline"/> and <see cref="Connection.WriteTimeout"/>. When one of them
/// was cut short, so that the peer has a part of a frame, writing frames is over: the peer would take what comes next for the
/// rest of that one. A write that ended before a byte of it was sent has no such effect.</para>
/// <para>Use one writer for a connection, and do not write to it in another way meanwhile. The writer does not own the connection.</para>
/// </remarks>
public sealed class FrameWriter
{
    private readonly Connection _connection;
    private readonly FrameFormat _format;
    private readonly FrameChain _chain; // guarded by the turn, as is _cut
    private Turn _turn;
    private string? _cut; // how a write was cut short

    /// <summary>Makes a writer of a connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="format">What ends a frame, and how large it may be.</param>
    public FrameWriter(Connection connection, FrameFormat format)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(format);
        _connection = connection;
        _format = format;
        _chain = new FrameChain(format);
    }

    /// <summary>Writes a frame.</summary>
    /// <param name="frame">The frame, without header or delimiter. The caller's again when the write ends. May be empty.</param>
    /// <param name="cancellationToken">
    /// Ends this write only. If it was under way, how much was sent is unknown, and writing frames is over; prefer
    /// <see cref="Connection.WriteDeadline"/>, after which it is known.
    /// </param>
    /// <exception cref="ArgumentException">The frame is larger than <see cref="FrameFormat.MaxFrameSize"/>, or contains the delimiter. Nothing was sent.</exception>
    /// <exception cref="DeadlineExceededException">The write deadline or timeout passed first; if <see cref="ConnectionException.BytesTransferred"/> is not 0, writing frames is over.</exception>
    /// <exception cref="ConnectionException">The connection failed; or an earlier write was cut short (<see cref="ConnectionError.Closed"/>).</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken = default) =>
        WriteAsync(new ReadOnlySequence<byte>(frame), cancellationToken);

    /// <summary>Writes a frame that lies in several places.</summary>
    /// <param name="frame">The parts of the frame, in order, such as a frame that was read elsewhere.</param>
    /// <param name="cancellationToken">Ends this write only.</param>
    /// <remarks>As <see cref="WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>.</remarks>
    public ValueTask WriteAsync(ReadOnlySequence<byte> frame, CancellationToken cancellationToken = default)
    {
        _format.Check(frame);
        return SendAsync(frame, frames: null, cancellationToken);
    }

    /// <summary>Writes several frames as one write: together, and with nothing of others between them.</summary>
    /// <param name="frames">The frames, in order. Nobody may change the list until the write ends. When empty, nothing is sent.</param>
    /// <param name="cancellationToken">Ends this write only.</param>
    /// <remarks>As <see cref="WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>. If one of the frames cannot be sent, none is.</remarks>
    public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frames);
        for (var i = 0; i < frames.Count; i++)
        {
            _format.Check(new ReadOnlySequence<byte>(frames[i]));
        }

        return SendAsync(default, frames, cancellationToken);
    }

    private ValueTask SendAsync(ReadOnlySequence<byte> frame, IReadOnlyList<ReadOnlyMemory<byte>>? frames, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        return _turn.TryEnter() ? SendInTurn(frame, frames, cancellationToken) : SendAfterOthersAsync(frame, frames, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAfterOthersAsync(
        ReadOnlySequence<byte> frame, IReadOnlyList<ReadOnlyMemory<byte>>? frames, CancellationToken cancellationToken)
    {
        var patience = TimeSpan.FromMilliseconds(_connection.WriteTimeout);
        var limit = Deadline.After(patience, _connection.Reading.Scheduler.TimeProvider);
        if (!await _turn.EnterAsync(limit, cancellationToken).ConfigureAwait(false))
        {
            throw new DeadlineExceededException("write", _connection.LocalEndPoint, _connection.RemoteEndPoint);
        }

        await SendInTurn(frame, frames, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask SendInTurn(ReadOnlySequence<byte> frame, IReadOnlyList<ReadOnlyMemory<byte>>? frames, CancellationToken cancellationToken)
    {
        ValueTask send;
        try
        {
            ThrowIfCut();
            send = Send(frame, frames, cancellationToken);
        }
        catch (Exception exception)
        {
            EndTurn();
            return ValueTask.FromException(exception);
        }

        if (!send.IsCompletedSuccessfully)
        {
            return FinishAsync(send);
        }

        EndTurn();
        return send;
    }

    private ValueTask Send(ReadOnlySequence<byte> frame, IReadOnlyList<ReadOnlyMemory<byte>>? frames, CancellationToken cancellationToken)
    {
        var count = frames?.Count ?? 1;
        _chain.Reserve(count);
        if (frames is null)
        {
            _chain.Add(frame);
        }

        for (var i = 0; frames is not null && i < count; i++)
        {
            _chain.Add(new ReadOnlySequence<byte>(frames[i]));
        }

        var sequence = _chain.ToSequence();
        return sequence.IsEmpty ? ValueTask.CompletedTask : _connection.WriteAsync(sequence, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FinishAsync(ValueTask send)
    {
        try
        {
            await send.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _cut = HowCutBy(exception);
            throw;
        }
        finally
        {
            EndTurn();
        }
    }

    /// <summary>How the write was cut short; null if it was not, or if that makes no difference because the connection is over.</summary>
    private static string? HowCutBy(Exception exception) => exception switch
    {
        DeadlineExceededException { BytesTransferred: > 0 } late => $"after {late.BytesTransferred} bytes",
        ConnectionException => null,
        OperationCanceledException => "by its token",
        _ => "by an error in its memory",
    };

    private void EndTurn()
    {
        _chain.Clear();
        _turn.Exit();
    }

    private void ThrowIfCut()
    {
        if (_cut is not null)
        {
            throw new ConnectionException(
                ConnectionError.Closed,
                "write",
                _connection.LocalEndPoint,
                _connection.RemoteEndPoint,
                detail: $"an earlier write of frames was cut short {_cut}, so the peer could not tell where the next frame begins");
        }
    }
}
