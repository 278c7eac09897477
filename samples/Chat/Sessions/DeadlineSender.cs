using System.Net.WebSockets;

namespace NetKit.Samples;

/// <summary>Sends messages to one client, each within its time. A client that is late is reset.</summary>
internal sealed class DeadlineSender(WebSocket socket, TimeSpan timeout, TimeProvider clock, Action reset) : IAsyncDisposable
{
    private ITimer? _timer; // made by the first message that has to wait
    private volatile bool _isLate;

    /// <summary>Whether a message was not taken in time.</summary>
    public bool IsLate => _isLate;

    public ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        // Without a token: with one that may be cancelled, a WebSocket goes a slower way, and most messages wait for nothing.
        var sending = socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        if (!sending.IsCompletedSuccessfully)
        {
            return AwaitAsync(sending);
        }

        sending.GetAwaiter().GetResult();
        return default;
    }

    public ValueTask CloseAsync(WebSocketCloseStatus status, string? reason) =>
        AwaitAsync(new ValueTask(socket.CloseOutputAsync(status, reason, CancellationToken.None)));

    /// <summary>Waits for a reset that is under way: later it would hit whoever has the connection next.</summary>
    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? default;

    private async ValueTask AwaitAsync(ValueTask sending)
    {
        _timer ??= clock.CreateTimer(static sender => ((DeadlineSender)sender!).GiveUp(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(timeout, Timeout.InfiniteTimeSpan);
        await sending;
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private void GiveUp()
    {
        _isLate = true;
        reset();
    }
}
