namespace NetKit.Samples;

/// <summary>Knows what is due in a session: pings, the notice, the end; and whether the client floods it. Looked at by the heartbeat alone.</summary>
internal sealed class SessionTimes(ClientSocket client, ChatSettings settings, TimeProvider clock)
{
    private const int FramesInMessage = 50; // pings and pongs, too: as many as nobody needs

    private readonly MessageRate _frames = new(settings.MessageRate * FramesInMessage, clock);
    private readonly long _began = clock.GetTimestamp();
    private TimeSpan _nextPing = PingEvery(settings);
    private long _askedAt = long.MinValue; // by the first ping since it was heard last
    private long _framesSeen;
    private bool _isNoticed = settings.Session == Timeout.InfiniteTimeSpan;

    /// <summary>Tells whether a frame waits for longer than the client may take for it.</summary>
    public bool IsStuck => client.Outgoing.HasWaitedFor(settings.WriteTimeout);

    /// <summary>Sends what is due, and tells how the session is to end; null: it goes on.</summary>
    public SessionEnd? Look()
    {
        var now = clock.GetTimestamp();
        var age = clock.GetElapsedTime(_began, now);
        var heardAt = client.Incoming.HeardAt;
        Tell(age, now, heardAt);
        return IsStuck ? SessionEnd.TooSlow
            : IsFlooded() ? SessionEnd.TooMany
            : IsSilent(now, heardAt) ? SessionEnd.Silent
            : settings.Session != Timeout.InfiniteTimeSpan && age >= settings.Session ? SessionEnd.TimeOver
            : null;
    }

    // So that there is as much time for the answer.
    private static TimeSpan PingEvery(ChatSettings settings) => settings.ReadTimeout / 2;

    private void Tell(TimeSpan age, long now, long heardAt)
    {
        if (age >= _nextPing)
        {
            client.Outgoing.Post(Frame.Ping);
            _askedAt = _askedAt > heardAt ? _askedAt : now;

            // Counted from the last that was due, not from the last that was sent: late ones would fall into step.
            do
            {
                _nextPing += PingEvery(settings);
            }
            while (_nextPing <= age);
        }

        if (!_isNoticed && age >= settings.Session - settings.Notice)
        {
            _isNoticed = true;
            client.Outgoing.Post(Frame.Text(Wire.Notice($"This session ends in {settings.Notice.TotalSeconds:0.###} s.")));
        }
    }

    // Where the server itself was late with its question, the client has time for an answer all the same.
    private bool IsSilent(long now, long heardAt) =>
        clock.GetElapsedTime(heardAt, now) >= settings.ReadTimeout
        && _askedAt > heardAt && clock.GetElapsedTime(_askedAt, now) >= PingEvery(settings) / 2;

    // Frames that say nothing are no messages, and cost as much.
    private bool IsFlooded()
    {
        var count = client.Incoming.Count;
        var isFlooded = !_frames.TryPass(count - _framesSeen);
        _framesSeen = count;
        return isFlooded;
    }
}
