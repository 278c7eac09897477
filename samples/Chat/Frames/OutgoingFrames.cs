using System.Diagnostics.CodeAnalysis;

namespace NetKit.Samples;

/// <summary>Writes frames to one client, whole and in turn: the WebSocket's own (pongs, the goodbye), pings, and messages that were framed once for everybody.</summary>
/// <remarks>Any flow may write. After the goodbye nothing follows (RFC 6455, section 5.5.1), nor after a failure: what is written then is dropped, and whoever reads learns why.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore nobody asks for a wait handle has nothing to dispose of.")]
internal sealed class OutgoingFrames(Stream stream, TimeProvider clock)
{
    private const long Nothing = long.MinValue;

    private readonly SemaphoreSlim _turn = new(1); // guards the stream and _isOver
    private bool _isOver;
    private long _waitsSince = Nothing;

    /// <summary>Tells whether a frame waits to be taken for so long already.</summary>
    public bool HasWaitedFor(TimeSpan time) => Interlocked.Read(ref _waitsSince) is var since && since != Nothing && clock.GetElapsedTime(since) >= time;

    /// <summary>Writes a frame. Ends when the transport has taken it.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> frame) => _turn.Wait(0) ? WriteInTurnAsync(frame) : AwaitTurnAsync(frame);

    /// <summary>Writes a frame in its turn, too, and does not wait for that: <see cref="EndAsync"/> does.</summary>
    public void Post(ReadOnlyMemory<byte> frame)
    {
        var writing = WriteAsync(frame);
        if (!writing.IsCompletedSuccessfully)
        {
            _ = writing.AsTask();
        }
    }

    /// <summary>Lets nothing follow, and waits for what is being written.</summary>
    public async ValueTask EndAsync()
    {
        await _turn.WaitAsync();
        _isOver = true;
        _turn.Release();
    }

    private async ValueTask AwaitTurnAsync(ReadOnlyMemory<byte> frame)
    {
        await _turn.WaitAsync();
        await WriteInTurnAsync(frame);
    }

    private async ValueTask WriteInTurnAsync(ReadOnlyMemory<byte> frame)
    {
        try
        {
            if (!_isOver)
            {
                _isOver = Frame.IsGoodbye(frame.Span);
                await WriteOneAsync(frame);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            _isOver = true;
        }
        finally
        {
            _turn.Release();
        }
    }

    // Without a token: most frames wait for nothing, and whoever sees one wait too long resets the connection.
    private ValueTask WriteOneAsync(ReadOnlyMemory<byte> frame)
    {
        var writing = stream.WriteAsync(frame, CancellationToken.None);
        return writing.IsCompleted ? writing : AwaitAsync(writing);
    }

    private async ValueTask AwaitAsync(ValueTask writing)
    {
        Interlocked.Exchange(ref _waitsSince, clock.GetTimestamp());
        try
        {
            await writing;
        }
        finally
        {
            Interlocked.Exchange(ref _waitsSince, Nothing);
        }
    }
}
