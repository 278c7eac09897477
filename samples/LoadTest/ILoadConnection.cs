namespace NetKit.Samples;

/// <summary>A connection under load, that carries messages.</summary>
internal interface ILoadConnection : IAsyncDisposable
{
    ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken);

    /// <summary>Waits for a message, and gives it to be looked at. False at the end.</summary>
    ValueTask<bool> ReceiveAsync(ReceivedHandler look, CancellationToken cancellationToken);
}

internal delegate void ReceivedHandler(ReadOnlySpan<byte> message);
