using System.Net.WebSockets;
using System.Security.Cryptography;

namespace NetKit.Samples;

/// <summary>One client in a room, from its welcome to its goodbye. One flow reads, one writes, and only that one writes.</summary>
internal sealed class ChatSession : IAsyncDisposable
{
    private static readonly TimeSpan s_farewell = TimeSpan.FromSeconds(2); // for the client's own goodbye

    private readonly string _id = RandomNumberGenerator.GetHexString(12, lowercase: true);
    private readonly WebSocket _socket;
    private readonly Room _room;
    private readonly string _name;
    private readonly ChatSettings _settings;
    private readonly ChatMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly Action _reset;
    private readonly MessageReceiver _receiver;
    private readonly DeadlineSender _sender;
    private readonly MessageRate _rate;
    private readonly CancellationTokenSource _over = new(); // once _end is known
    private int _end = -1;

    public ChatSession(WebSocket socket, Room room, string name, ChatSettings settings, ChatMetrics metrics, TimeProvider clock, Action reset)
    {
        _socket = socket;
        _room = room;
        _name = name;
        _settings = settings;
        _metrics = metrics;
        _clock = clock;
        _reset = reset;
        _receiver = new MessageReceiver(socket, settings.MaxMessage);
        _sender = new DeadlineSender(socket, settings.WriteTimeout, clock, reset);
        _rate = new MessageRate(settings.MessageRate, clock);
    }

    public async Task<SessionEnd> RunAsync(CancellationToken stopping)
    {
        using var stop = stopping.UnsafeRegister(static session => ((ChatSession)session!).End(SessionEnd.Stopping), this);
        using var subscription = _room.Subscribe(_settings.Queue);
        var reading = ReadAsync();
        await WriteAsync(subscription);
        await SayGoodbyeAsync();
        await AwaitFarewellAsync(reading);
        return (SessionEnd)_end; // which is known, since the reading has ended
    }

    public async ValueTask DisposeAsync()
    {
        await _sender.DisposeAsync();
        _over.Dispose();
    }

    // The first reason counts.
    private void End(SessionEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, (int)end, -1) == -1)
        {
            _over.Cancel();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            End(await ReadMessagesAsync());
            if (_socket.State is WebSocketState.Open or WebSocketState.CloseSent)
            {
                await _receiver.DiscardAsync();
            }
        }
        catch (WebSocketException e)
        {
            End(e.WebSocketErrorCode == WebSocketError.Faulted ? SessionEnd.Malformed : Broken);
        }
        catch (OperationCanceledException)
        {
            // The WebSocket gave the client up: it has not answered a ping.
            End(_sender.IsLate ? SessionEnd.TooSlow : SessionEnd.Silent);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            End(Broken);
        }
    }

    // The client's doing, or ours because it took no message.
    private SessionEnd Broken => _sender.IsLate ? SessionEnd.TooSlow : SessionEnd.Lost;

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
            if (!_rate.TryPass())
            {
                return SessionEnd.TooMany;
            }

            _room.Say(_id, _name, text);
        }
    }

    private async Task WriteAsync(Subscription<byte[]> subscription)
    {
        try
        {
            await _sender.SendAsync(Wire.Welcome(_id, _room.Name, _name, _room.Count, _settings.Session));
            if (_settings.Session == Timeout.InfiniteTimeSpan)
            {
                await RelayAsync(subscription, Timeout.InfiniteTimeSpan);
            }
            else if (await RelayAsync(subscription, _settings.Session - _settings.Notice))
            {
                await _sender.SendAsync(Wire.Notice($"This session ends in {_settings.Notice.TotalSeconds:0} s."));
                if (await RelayAsync(subscription, _settings.Notice))
                {
                    End(SessionEnd.TimeOver);
                }
            }
        }
        catch (SlowConsumerException)
        {
            End(SessionEnd.TooSlow);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The reader learns it too, and knows why.
        }
    }

    /// <summary>Sends what the room says, until the session or the time is over; tells whether it is the time.</summary>
    private async Task<bool> RelayAsync(Subscription<byte[]> subscription, TimeSpan time)
    {
        using var timer = new CancellationTokenSource(time, _clock);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, _over.Token);
        try
        {
            while (await subscription.WaitToReadAsync(until.Token))
            {
                while (!until.IsCancellationRequested && subscription.TryRead(out var message))
                {
                    await _sender.SendAsync(message);
                }
            }

            return false;
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            return !_over.IsCancellationRequested;
        }
    }

    private async Task SayGoodbyeAsync()
    {
        try
        {
            if (((SessionEnd)Volatile.Read(ref _end)).Goodbye(_socket.CloseStatus) is var (status, reason) && _socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await _sender.CloseAsync(status, reason);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It is gone, which is as good.
        }
    }

    private async Task AwaitFarewellAsync(Task reading)
    {
        try
        {
            await reading.WaitAsync(s_farewell, _clock);
        }
        catch (TimeoutException)
        {
            _reset();
            await reading;
        }
    }
}
