using System.Net.WebSockets;

namespace NetKit.Samples;

/// <summary>Sends messages to one client, each within its time. One that is late leaves the WebSocket aborted.</summary>
internal sealed class DeadlineSender(WebSocket socket, TimeSpan timeout, TimeProvider clock) : IDisposable
{
    private CancellationTokenSource _deadline = new(Timeout.InfiniteTimeSpan, clock);

    /// <summary>Whether a message was not taken in time.</summary>
    public bool IsLate => _deadline.IsCancellationRequested;

    /// <exception cref="OperationCanceledException">The client did not take it in time.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        var sending = socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, _deadline.Token);
        if (sending.IsCompletedSuccessfully)
        {
            return; // as almost always: no timer was needed
        }

        _deadline.CancelAfter(timeout);
        await sending;
        if (!_deadline.TryReset())
        {
            _deadline.Dispose();
            _deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        }
    }

    public async ValueTask CloseAsync(WebSocketCloseStatus status, string? reason)
    {
        _deadline.CancelAfter(timeout);
        await socket.CloseOutputAsync(status, reason, _deadline.Token);
    }

    public void Dispose() => _deadline.Dispose();
}
