using System.Buffers.Binary;
using System.Threading.Channels;
using StackExchange.Redis;

namespace NetKit.Samples;

/// <summary>Joins rooms through a channel of Redis. While Redis is away the rooms here go on, and what does not reach the others is counted.</summary>
internal sealed class RedisBackplane : BackgroundService, IBackplane
{
    private const int MostWaiting = 10_000;
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(5); // what is older is worth nothing in a chat
    private static readonly TimeSpan s_greetings = TimeSpan.FromMilliseconds(250);
    private static readonly RedisChannel s_channel = RedisChannel.Literal("netkit-chat");

    private readonly Guid _instance = Guid.NewGuid();
    private readonly Dictionary<Guid, long> _seen = []; // of the one that hears
    private readonly Channel<Outgoing> _outgoing = Channel.CreateBounded<Outgoing>(MostWaiting);
    private readonly ConfigurationOptions _options;
    private readonly ChatMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<RedisBackplane> _logger;
    private readonly Lazy<RoomDirectory> _rooms;
    private int _isLost;

    public RedisBackplane(ConfigurationOptions options, ChatMetrics metrics, IServiceProvider services, TimeProvider clock, ILogger<RedisBackplane> logger)
    {
        _options = options;
        _metrics = metrics;
        _metrics.BackplaneIsConnected = false;
        _clock = clock;
        _logger = logger;
        _rooms = new Lazy<RoomDirectory>(services.GetRequiredService<RoomDirectory>); // which needs this
    }

    /// <summary>Reads redis://host:port.</summary>
    public static ConfigurationOptions Parse(string option, string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri is not { Scheme: "redis", Host.Length: > 0, Port: not 0, UserInfo: "", PathAndQuery: "" or "/", Fragment: "" })
        {
            throw UsageException.For(option, text, "redis://host:port");
        }

        return new ConfigurationOptions
        {
            EndPoints = { { uri.Host, uri.Port < 0 ? 6379 : uri.Port } },
            AbortOnConnectFail = false, // the rooms here open without Redis too
            BacklogPolicy = BacklogPolicy.FailFast,
            ConnectTimeout = 1_000,
            AsyncTimeout = 2_000,
            HeartbeatInterval = TimeSpan.FromMilliseconds(250),
            ReconnectRetryPolicy = new LinearRetry(250),
            ClientName = "netkit-chat",
        };
    }

    public void Publish(string room, byte[] message) => Enqueue(EnvelopeKind.Message, room, message);

    public void PublishCount(string room, int count)
    {
        var body = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(body, count);
        Enqueue(EnvelopeKind.Count, room, body);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(_options);
        redis.ConnectionFailed += (_, failure) => TellLost(failure.FailureType.ToString());
        if (!redis.IsConnected)
        {
            TellLost("not reached at start");
        }

        // One message at a time, in their order. Redis is asked again for the channel whenever it comes back.
        var messages = await redis.GetSubscriber().SubscribeAsync(s_channel, CommandFlags.FireAndForget);
        messages.OnMessage(message => Hear((byte[]?)message.Message));
        try
        {
            await Task.WhenAll(SendAsync(redis.GetSubscriber(), stoppingToken), GreetAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private void Enqueue(EnvelopeKind kind, string room, byte[] body)
    {
        if (!_outgoing.Writer.TryWrite(new Outgoing(kind, room, body, _clock.GetTimestamp())))
        {
            CountLost(kind);
        }
    }

    private async Task SendAsync(ISubscriber subscriber, CancellationToken stopping)
    {
        var number = 0L;
        await foreach (var (kind, room, body, at) in _outgoing.Reader.ReadAllAsync(stopping))
        {
            // Numbered also when it is not sent: so the others learn that they missed it.
            number += kind == EnvelopeKind.Message ? 1 : 0;
            var envelope = new Envelope(_instance, number, kind, room, body);
            try
            {
                if (_clock.GetElapsedTime(at) > s_fresh)
                {
                    CountLost(kind);
                    continue;
                }

                await subscriber.PublishAsync(s_channel, envelope.Encode());
            }
            catch (Exception e) when (e is RedisException or TimeoutException)
            {
                CountLost(kind);
            }
        }
    }

    // That both connections to Redis are there does not mean that it knows what we want to hear. Hearing ourselves does.
    private async Task GreetAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(s_greetings, _clock);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            if (_metrics.BackplaneIsConnected != true)
            {
                Enqueue(EnvelopeKind.Hello, "", []);
            }
        }
    }

    private void Hear(byte[]? bytes)
    {
        if (bytes is null || Envelope.Decode(bytes) is not { } envelope)
        {
            return;
        }

        if (envelope.Instance == _instance)
        {
            TellHeard();
            return;
        }

        CountMissed(envelope);
        var room = _rooms.Value.Find(envelope.Room);
        switch (envelope.Kind)
        {
            case EnvelopeKind.Message:
                _metrics.BackplaneReceived();
                room?.Hear(envelope.Body.ToArray());
                break;
            case EnvelopeKind.Count when envelope.Body.Length == sizeof(int):
                room?.HearCount(envelope.Instance, BinaryPrimitives.ReadInt32LittleEndian(envelope.Body.Span));
                break;
        }
    }

    private void CountMissed(Envelope envelope)
    {
        var before = envelope.Kind == EnvelopeKind.Message ? envelope.Number - 1 : envelope.Number;
        var missed = before - _seen.GetValueOrDefault(envelope.Instance, before);
        _seen[envelope.Instance] = envelope.Number;
        if (missed > 0)
        {
            _metrics.BackplaneMissed(missed);
            Log.BackplaneMissed(_logger, missed, envelope.Instance);
        }
    }

    private void CountLost(EnvelopeKind kind)
    {
        if (kind == EnvelopeKind.Message)
        {
            _metrics.BackplaneLost();
        }
    }

    private void TellLost(string why)
    {
        _metrics.BackplaneIsConnected = false;
        if (Interlocked.Exchange(ref _isLost, 1) == 0)
        {
            Log.BackplaneLost(_logger, why);
        }
    }

    private void TellHeard()
    {
        _metrics.BackplaneIsConnected = true;
        if (Interlocked.Exchange(ref _isLost, 0) == 1)
        {
            Log.BackplaneIsBack(_logger, _metrics.LostByBackplane);
        }
    }

    private readonly record struct Outgoing(EnvelopeKind Kind, string Room, byte[] Body, long At);
}
