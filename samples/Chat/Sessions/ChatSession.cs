using System.Net.WebSockets;
using System.Security.Cryptography;

namespace NetKit.Samples;

/// <summary>One client in a room, from its welcome to its goodbye. One flow reads, one writes, and a heartbeat looks at the time.</summary>
internal sealed class ChatSession
{
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(2); // for the client's own goodbye

    private readonly string _id = RandomNumberGenerator.GetHexString(12, lowercase: true);
    private readonly ClientSocket _client;
    private readonly Room _room;
    private readonly string _name;
    private readonly ChatSettings _settings;
    private readonly ChatMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly MessageReceiver _receiver;
    private readonly MessageRate _rate;
    private readonly SessionTimes _times;
    private readonly TaskCompletionSource<SessionEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ChatSession(ClientSocket client, Room room, string name, ChatSettings settings, ChatMetrics metrics, TimeProvider clock)
    {
        _client = client;
        _room = room;
        _name = name;
        _settings = settings;
        _metrics = metrics;
        _clock = clock;
        _receiver = new MessageReceiver(client.WebSocket, settings.MaxMessage);
        _rate = new MessageRate(settings.MessageRate, clock);
        _times = new SessionTimes(client, settings, clock);
    }

    // Then nobody hears it any more. Who leaves in peace may have said something on its way to here.
    private bool WasDropped => _end.Task is { IsCompleted: true, Result: var end } && end.IsError();

    public async Task<SessionEnd> RunAsync(Heartbeat heartbeat, CancellationToken stopping)
    {
        using var stop = stopping.UnsafeRegister(static session => ((ChatSession)session!).End(SessionEnd.Stopping), this);
        using var subscription = _room.Subscribe(_settings.Queue);
        using var beating = heartbeat.Add(this);
        var reading = ReadAsync();
        var writing = WriteAsync(subscription);
        var end = await _end.Task;
        // Whoever neither speaks nor takes anything takes no goodbye either.
        if (end == SessionEnd.Silent || _times.IsStuck)
        {
            _client.Reset();
        }

        subscription.Dispose(); // which ends the writing
        await WaitAsync(FinishAsync(writing, end), _settings.WriteTimeout);
        await WaitAsync(reading, s_farewell);
        return end;
    }

    /// <summary>Looks at the time. Of the heartbeat alone.</summary>
    public void Beat()
    {
        if (!_end.Task.IsCompleted && _times.Look() is { } end)
        {
            End(end);
        }
    }

    // The first reason counts.
    private void End(SessionEnd end) => _end.TrySetResult(end);

    private async Task ReadAsync()
    {
        try
        {
            End(await ReadMessagesAsync());
            if (_client.WebSocket.State is WebSocketState.Open or WebSocketState.CloseSent)
            {
                await _receiver.DiscardAsync();
            }
        }
        catch (WebSocketException e)
        {
            End(e.WebSocketErrorCode == WebSocketError.Faulted ? SessionEnd.Malformed : SessionEnd.Lost);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            End(SessionEnd.Lost);
        }
    }

    private async ValueTask<SessionEnd> ReadMessagesAsync()
    {
        while (true)
        {
            var (text, end) = await _receiver.ReceiveAsync();
            if (text is null)
            {
                return end;
            }

            _metrics.MessageReceived();
            if (WasDropped || !_rate.TryPass())
            {
                return SessionEnd.TooMany; // unless it was dropped for another reason before
            }

            _room.Say(_id, _name, text);
        }
    }

    private async Task WriteAsync(Subscription<byte[]> subscription)
    {
        try
        {
            await _client.Outgoing.WriteAsync(Frame.Text(Wire.Welcome(_id, _room.Name, _name, _room.CountForNewcomer(), _settings.Session)));
            await new RoomRelay(_client.Outgoing).RunAsync(subscription);
        }
        catch (SlowConsumerException)
        {
            End(SessionEnd.TooSlow);
        }
    }

    private async Task FinishAsync(Task writing, SessionEnd end)
    {
        await writing;
        try
        {
            if (!_client.IsReset && end.Goodbye(_client.WebSocket.CloseStatus) is var (status, reason) && _client.WebSocket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await _client.WebSocket.CloseOutputAsync(status, reason, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
        {
            // It is gone, which is as good.
        }

        await _client.Outgoing.EndAsync();
    }

    // Who takes too long is reset: then it ends at once.
    private async Task WaitAsync(Task task, TimeSpan time)
    {
        await task.WaitAsync(time, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!task.IsCompleted)
        {
            _client.Reset();
        }

        await task;
    }
}
