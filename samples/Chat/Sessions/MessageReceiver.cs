using System.Buffers;
using System.Net.WebSockets;
using System.Text;

namespace NetKit.Samples;

/// <summary>Receives text messages up to a length. Holds no buffer while it waits for one.</summary>
internal sealed class MessageReceiver(WebSocket socket, int maxLength)
{
    /// <summary>Receives a message, or how the session ended.</summary>
    public async ValueTask<(string? Text, SessionEnd End)> ReceiveAsync()
    {
        // Waits with nothing in hand: of thousands of clients most are silent.
        var first = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        if (first.MessageType != WebSocketMessageType.Text)
        {
            return (null, EndBy(first.MessageType));
        }

        if (first.EndOfMessage)
        {
            return ("", default); // an empty one, which is taken by now
        }

        // One byte more than a message may have, to see that it has.
        var buffer = ArrayPool<byte>.Shared.Rent(maxLength + 1);
        try
        {
            var length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(length, maxLength + 1 - length), CancellationToken.None);
                length += part.Count;
                if (part.MessageType != WebSocketMessageType.Text)
                {
                    return (null, EndBy(part.MessageType));
                }
            }
            while (!part.EndOfMessage && length <= maxLength);
            return length > maxLength ? (null, SessionEnd.TooLong) : (Encoding.UTF8.GetString(buffer, 0, length), default);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Throws away what still comes, until the client closes or is gone.</summary>
    public async Task DiscardAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            while ((await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static SessionEnd EndBy(WebSocketMessageType type) => type == WebSocketMessageType.Close ? SessionEnd.Closed : SessionEnd.NotText;
}
