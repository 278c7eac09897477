using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace NetKit.Tests.Chat;

/// <summary>Somebody in a room, by .NET's own WebSocket.</summary>
internal sealed class ChatClient : IDisposable
{
    private readonly ClientWebSocket _socket = new();

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public string? CloseReason => _socket.CloseStatusDescription;

    public static async Task<ChatClient> JoinAsync(RunningChat chat, string name, string room)
    {
        var client = new ChatClient();
        await client._socket.ConnectAsync(new Uri($"ws://{chat.Address}/ws?room={room}&name={Uri.EscapeDataString(name)}"), CancellationToken.None).Within();
        Assert.Equal("welcome", (await client.HearAsync())!.Value.GetProperty("type").GetString());
        return client;
    }

    public Task SayAsync(string text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None).Within();

    /// <summary>Waits for what the server tells next; null when it closes.</summary>
    public async Task<JsonElement?> HearAsync()
    {
        var buffer = new byte[70_000];
        var length = 0;
        while (true)
        {
            var part = await _socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None).Within();
            length += part.Count;
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (part.EndOfMessage)
            {
                return JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement;
            }
        }
    }

    /// <summary>Waits for something of a type, past all else; null when the server closes.</summary>
    public async Task<JsonElement?> HearAsync(string type)
    {
        while (await HearAsync() is { } told)
        {
            if (told.GetProperty("type").GetString() == type)
            {
                return told;
            }
        }

        return null;
    }

    public async Task<string> HearMessageAsync()
    {
        var told = await HearAsync("message");
        Assert.NotNull(told);
        return $"{told.Value.GetProperty("from").GetString()}: {told.Value.GetProperty("text").GetString()}";
    }

    public Task CloseAsync() => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).Within();

    public void Dispose() => _socket.Dispose();
}
