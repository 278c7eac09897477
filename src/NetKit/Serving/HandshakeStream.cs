namespace NetKit;

/// <summary>Stands between TLS and its connection, and holds a place at the gate while the handshake computes.</summary>
/// <remarks>
/// Not while it waits for its peer: then a client that sends nothing, or half of what it should, keeps nobody out. TLS computes
/// between a read and the next, in one piece, but for a selector that waits; so a place is taken when a read has brought something,
/// and given up when the next, or the selector, has to wait. After the handshake it only passes on.
/// </remarks>
internal sealed class HandshakeStream(Connection inner, HandshakeGate gate, CancellationToken cancellationToken) : Stream
{
    private HandshakeGate? _gate = gate;
    private CancellationToken _cancellationToken = cancellationToken;
    private bool _isInside;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Says that the handshake has ended, well or not.</summary>
    public void EndHandshake()
    {
        Leave();
        _gate = null;
        _cancellationToken = default;
    }

    /// <summary>Waits for what the handshake needs from elsewhere, without a place while it does.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first; what was waited for goes on by itself, and what it fails with is nobody's affair.</exception>
    public async ValueTask<T> WaitOutsideAsync<T>(Task<T> needed, CancellationToken cancellationToken)
    {
        Leave();
        var result = await needed.WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
        await EnterAsync().ConfigureAwait(false);
        return result;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = inner.ReadAsync(buffer, cancellationToken);
        return _gate is null ? reading : ReadAndEnterAsync(reading, isEmpty: buffer.IsEmpty);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = inner.WriteAsync(buffer, cancellationToken);
        return _gate is null || writing.IsCompleted ? writing : WriteOutsideAsync(writing);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // An empty read only waits for the peer: a read that takes something follows, and needs the place.
    private async ValueTask<int> ReadAndEnterAsync(ValueTask<int> reading, bool isEmpty)
    {
        if (!reading.IsCompleted)
        {
            Leave();
        }

        var count = await reading.ConfigureAwait(false);
        if (!isEmpty)
        {
            await EnterAsync().ConfigureAwait(false);
        }

        return count;
    }

    private async ValueTask WriteOutsideAsync(ValueTask writing)
    {
        Leave();
        await writing.ConfigureAwait(false);
        await EnterAsync().ConfigureAwait(false);
    }

    private async ValueTask EnterAsync()
    {
        if (!_isInside)
        {
            await _gate!.EnterAsync(_cancellationToken).ConfigureAwait(false);
            _isInside = true;
        }
    }

    private void Leave()
    {
        if (_isInside)
        {
            _isInside = false;
            _gate!.Leave();
        }
    }
}
