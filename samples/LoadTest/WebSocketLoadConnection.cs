using System.Buffers;
using System.Net.WebSockets;

namespace NetKit.Samples;

/// <summary>Text messages on a WebSocket. Holds no buffer while it waits.</summary>
internal sealed class WebSocketLoadConnection(ClientWebSocket socket, int bufferSize) : ILoadConnection
{
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(1);

    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken) =>
        socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    public async ValueTask<bool> ReceiveAsync(ReceivedHandler look, CancellationToken cancellationToken)
    {
        if ((await socket.ReceiveAsync(Memory<byte>.Empty, cancellationToken)).MessageType == WebSocketMessageType.Close)
        {
            return EndOrThrow();
        }

        var buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
        try
        {
            var length = 0;
            while (true)
            {
                // A message longer than the buffer is looked at by its beginning.
                var part = await socket.ReceiveAsync(length < buffer.Length ? buffer.AsMemory(length) : buffer.AsMemory(length / 2), cancellationToken);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    return EndOrThrow();
                }

                length = Math.Min(buffer.Length, length + part.Count);
                if (part.EndOfMessage)
                {
                    look(buffer.AsSpan(0, length));
                    return true;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var farewell = new CancellationTokenSource(s_farewell);
        try
        {
            // May be while somebody receives, who then sees the end too.
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, farewell.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ConnectionException or InvalidOperationException)
        {
            // It is gone already, or does not answer.
        }

        socket.Dispose();
    }

    private bool EndOrThrow() => socket.CloseStatus is null or WebSocketCloseStatus.NormalClosure
        ? false
        : throw new ClosedByServerException(socket.CloseStatus.Value, socket.CloseStatusDescription);
}
