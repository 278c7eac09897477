using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;

namespace NetKit;

/// <summary>Reads frames, which are messages with a beginning and an end, from a stream of bytes.</summary>
/// <remarks>
/// <para>A frame is shown where it was received, without being copied, and is valid until the next read. Many frames that came
/// together are given one after the other without a system call; while a reader waits and no frame has begun, it holds no buffer.</para>
/// <para>A read fails as those of <see cref="Connection"/> do, and after a deadline or a token nothing is lost: read on. What
/// the peer did wrong is a <see cref="ConnectionException"/> with <see cref="ConnectionError.ProtocolViolation"/>, and stays
/// one: where the next frame begins can no longer be known.</para>
/// <para>For one reading caller at a time. The reader owns neither the connection nor the pipe.</para>
/// </remarks>
public sealed class FrameReader : IDisposable
{
    private readonly Connection? _connection;
    private readonly PipeReader _pipe;
    private readonly FrameFormat _format;
    private readonly DeadlineScheduler _scheduler;
    private FrameClock? _clock; // made when a timeout is set
    private TimeSpan _frameTimeout = Timeout.InfiniteTimeSpan;
    private ReadOnlySequence<byte> _rest; // what the pipe has shown, beyond the frames given
    private long _progress; // of the format, in the frame that is not whole
    private InvalidDataException? _violation;
    private bool _isShown; // the pipe waits to hear how much was consumed
    private bool _isWithin; // a part of the next frame has come
    private bool _isReading;
    private bool _isDisposed;

    /// <summary>Makes a reader of a connection.</summary>
    /// <param name="connection">The connection. Read it by this reader only, or else by <see cref="Connection.AsDuplexPipe"/>, through which this reader reads.</param>
    /// <param name="format">Where a frame ends, and how large it may be.</param>
    public FrameReader(Connection connection, FrameFormat format)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(format);
        _connection = connection;
        _pipe = connection.AsDuplexPipe().Input;
        _format = format;
        _scheduler = connection.Reading.Scheduler;
    }

    /// <summary>Makes a reader of a pipe, such as one between two parts of a program.</summary>
    /// <param name="pipe">The pipe. It is not completed by this reader.</param>
    /// <param name="format">Where a frame ends, and how large it may be.</param>
    /// <param name="timeProvider">The clock of <see cref="FrameTimeout"/>. Default (null): the system's.</param>
    public FrameReader(PipeReader pipe, FrameFormat format, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(pipe);
        ArgumentNullException.ThrowIfNull(format);
        _pipe = pipe;
        _format = format;
        _scheduler = DeadlineScheduler.For(ReferenceEquals(timeProvider, TimeProvider.System) ? null : timeProvider);
    }

    /// <summary>Bounds the time in which a frame comes: from its first byte, as seen by a read, to its last.</summary>
    /// <value>Default: <see cref="Timeout.InfiniteTimeSpan"/>, no bound. A frame that has begun with a bound keeps that.</value>
    /// <remarks>
    /// Against peers that send a byte now and then, which no limit of a single read can tell from a live one. How long to wait
    /// for a frame to begin is for <see cref="Connection.ReadDeadline"/> or <see cref="Connection.ReadTimeout"/>, which this
    /// does not touch. A read that fails by it loses nothing: the next one goes on with the same frame, and gives it this time again.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is 0 or less, and not infinite.</exception>
    public TimeSpan FrameTimeout
    {
        get => _frameTimeout;
        set
        {
            if (value <= TimeSpan.Zero && value != Timeout.InfiniteTimeSpan)
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(FrameTimeout)} must be more than 0, or infinite.");
            }

            _frameTimeout = value;
            _clock ??= value == Timeout.InfiniteTimeSpan ? null : new FrameClock(_pipe, _scheduler);
        }
    }

    private EndPoint? LocalEndPoint => _connection?.LocalEndPoint;

    private EndPoint? RemoteEndPoint => _connection?.RemoteEndPoint;

    /// <summary>Reads the next frame; waits until all of it has come.</summary>
    /// <param name="cancellationToken">Ends this read only; nothing is lost, also within a frame.</param>
    /// <returns>The frame, valid until the next read, or null when the peer has finished between two frames. Once null, always null.</returns>
    /// <exception cref="ConnectionException">
    /// With <see cref="ConnectionError.ProtocolViolation"/>: the peer announced a frame beyond <see cref="FrameFormat.MaxFrameSize"/>,
    /// sent what is no header, or finished within a frame. Otherwise: the connection failed.
    /// </exception>
    /// <exception cref="DeadlineExceededException">The read deadline or timeout of the connection, or <see cref="FrameTimeout"/>, passed first.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, or somebody cancelled the read of the pipe.</exception>
    public ValueTask<ReadOnlySequence<byte>?> ReadAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfUnreadable();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadOnlySequence<byte>?>(cancellationToken);
        }

        try
        {
            return TryTake(out var frame) ? new ValueTask<ReadOnlySequence<byte>?>(frame) : WaitAsync(cancellationToken);
        }
        catch (ConnectionException exception)
        {
            return ValueTask.FromException<ReadOnlySequence<byte>?>(exception);
        }
    }

    /// <summary>Reads the next frame, if all of it came together with those before it. Never waits, and never asks the connection.</summary>
    /// <param name="frame">The frame, valid until the next read; empty when there is none.</param>
    /// <returns>False when it did not: await <see cref="ReadAsync"/>, which also tells the end. Always false before the first of those.</returns>
    /// <remarks>
    /// Many small frames cost less this way than awaited one by one: <c>while (await reader.ReadAsync() is { } frame) { do { ... } while
    /// (reader.TryRead(out frame)); }</c>. A frame of which a part is missing is not begun by it: <see cref="FrameTimeout"/> counts from the next <see cref="ReadAsync"/>.
    /// </remarks>
    /// <exception cref="ConnectionException">With <see cref="ConnectionError.ProtocolViolation"/>, as from <see cref="ReadAsync"/>: the peer broke the format.</exception>
    public bool TryRead(out ReadOnlySequence<byte> frame)
    {
        ThrowIfUnreadable();
        return TryTake(out frame);
    }

    /// <summary>Reads frames until the peer has finished.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The frames, each valid until the next is asked for. Whoever stops early can read on.</returns>
    /// <remarks>Fails as <see cref="ReadAsync"/> does.</remarks>
    public async IAsyncEnumerable<ReadOnlySequence<byte>> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
        {
            yield return frame;
        }
    }

    /// <summary>Gives back the last frame, and leaves what follows it to whoever reads next. Not while a read is under way.</summary>
    /// <remarks>So the framing can be changed: another reader of the same connection begins with the byte after that frame.</remarks>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _clock?.Forget();
        if (_isShown)
        {
            _pipe.AdvanceTo(_rest.Start);
            _isShown = false;
            _rest = default;
        }
    }

    private void ThrowIfUnreadable()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isReading)
        {
            throw new InvalidOperationException("A read is under way. A frame is valid until the next read, so there can be only one.");
        }
    }

    /// <summary>Takes the next frame from what the pipe has shown; false when it is not all there.</summary>
    private bool TryTake(out ReadOnlySequence<byte> frame)
    {
        frame = default;
        if (_rest.IsEmpty || _violation is not null)
        {
            return _violation is null ? false : throw Violation();
        }

        FramePlace place;
        try
        {
            if (!_format.TryFind(_rest, ref _progress, out place))
            {
                _isWithin = true;
                return false;
            }
        }
        catch (InvalidDataException exception)
        {
            _violation = exception;
            throw Violation();
        }

        frame = _rest.Slice(place.Before, place.Length);
        _rest = _rest.Slice(place.Total);
        _progress = 0;
        _isWithin = false;
        _clock?.Stop();
        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadOnlySequence<byte>?> WaitAsync(CancellationToken cancellationToken)
    {
        _isReading = true;
        try
        {
            while (true)
            {
                GiveBack();
                LimitFrame();
                ReadResult result;
                try
                {
                    result = await _pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    _clock?.EndWait();
                }

                _rest = result.Buffer;
                _isShown = true;
                var isCancelled = result.IsCanceled && _clock?.TryTakeCancel() != true;
                if (TryTake(out var frame))
                {
                    return frame;
                }

                if (result.IsCompleted)
                {
                    return _isWithin ? throw Violation($"the peer finished within a frame, after {_rest.Length} bytes of it") : null;
                }

                if (isCancelled)
                {
                    GiveBack();
                    throw new OperationCanceledException("The read of the pipe was cancelled.");
                }
            }
        }
        finally
        {
            _isReading = false;
        }
    }

    /// <summary>Lets the clock run while a part of a frame is there. Throws when the frame's time is over.</summary>
    private void LimitFrame()
    {
        if (!_isWithin || _clock is not { } clock)
        {
            return;
        }

        clock.Start(_frameTimeout);
        if (clock.IsDue)
        {
            clock.Stop();
            throw new DeadlineExceededException(
                "read",
                LocalEndPoint,
                RemoteEndPoint,
                string.Create(CultureInfo.InvariantCulture, $"a frame was not whole {clock.Time.TotalSeconds} s after it had begun ({nameof(FrameReader)}.{nameof(FrameTimeout)})"));
        }

        clock.BeginWait();
    }

    /// <summary>Tells the pipe what was consumed, and that all else has been looked at.</summary>
    private void GiveBack()
    {
        if (_isShown)
        {
            _pipe.AdvanceTo(_rest.Start, _rest.End);
            _isShown = false;
            _rest = default;
        }
    }

    private ConnectionException Violation() => Violation(_violation!.Message, _violation);

    private ConnectionException Violation(string detail, Exception? cause = null) =>
        new(ConnectionError.ProtocolViolation, "read", LocalEndPoint, RemoteEndPoint, cause, detail: detail);
}
