namespace NetKit.Samples;

/// <summary>Knows what is due in a session: pings, the notice, the end. Looked at by the heartbeat alone.</summary>
internal sealed class SessionTimes(ClientSocket client, ChatSettings settings, TimeProvider clock)
{
    private readonly long _began = clock.GetTimestamp();
    private TimeSpan _nextPing = PingEvery(settings);
    private readonly TimeSpan _end = settings.Session == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : settings.Session;
    private bool _isNoticed;

    /// <summary>Tells whether a frame waits for longer than the client may take for it.</summary>
    public bool IsStuck => client.Outgoing.HasWaitedFor(settings.WriteTimeout);

    /// <summary>Sends what is due, and tells how the session is to end; null: it goes on.</summary>
    public SessionEnd? Look()
    {
        var age = clock.GetElapsedTime(_began);
        if (IsStuck)
        {
            return SessionEnd.TooSlow;
        }

        if (clock.GetElapsedTime(client.Incoming.HeardAt) >= settings.ReadTimeout)
        {
            return SessionEnd.Silent;
        }

        if (age >= _end && _isNoticed)
        {
            return SessionEnd.TimeOver;
        }

        Tell(age);
        return null;
    }

    // So that there is as much time for the answer.
    private static TimeSpan PingEvery(ChatSettings settings) => settings.ReadTimeout / 2;

    // What finds another frame waiting is tried again at the next look.
    private void Tell(TimeSpan age)
    {
        if (age >= _nextPing && client.Outgoing.TryPost(Frame.Ping))
        {
            // Counted from the last that was due, not from the last that was sent: late ones would fall into step.
            do
            {
                _nextPing += PingEvery(settings);
            }
            while (_nextPing <= age);
        }

        if (!_isNoticed && age >= _end - settings.Notice)
        {
            // Late is better than never; but there is no waiting for it once the time is over.
            _isNoticed = age >= _end | client.Outgoing.TryPost(Frame.Text(Wire.Notice($"This session ends in {settings.Notice.TotalSeconds:0.###} s.")));
        }
    }
}
