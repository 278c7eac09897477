using System.Buffers;
using System.Net.WebSockets;

namespace NetKit.Samples;

/// <summary>Sends back each message of a WebSocket.</summary>
internal static class EchoSocket
{
    public static async Task ServeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        while (true)
        {
            // Nothing is held while the peer is silent.
            await socket.ReceiveAsync(Memory<byte>.Empty, context.RequestAborted);
            var buffer = ArrayPool<byte>.Shared.Rent(4096);
            try
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                    return;
                }

                await socket.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, context.RequestAborted);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
