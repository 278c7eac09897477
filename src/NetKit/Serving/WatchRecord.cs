namespace NetKit;

/// <summary>What is known of a connection since the last look at it. A mutable struct: keep it in a field.</summary>
/// <remarks>
/// A read and a write add to a counter each, and no more. A look compares the counters with those of the look before. They
/// wrap around at 4 GB: to be taken for idle, a connection would have to move exactly that much between two looks, at
/// each of many looks in a row.
/// </remarks>
internal struct WatchRecord
{
    private uint _received;
    private uint _sent;
    private long _idleAt;
    private long _stalledAt;
    private readonly long _oldAt;
    private long _lookedAt;
    private long _rested; // how long reads have waited since the last byte
    private double _credit; // how many bytes fewer may come than should, before the client is too slow

    public WatchRecord(WatchRules rules)
    {
        _idleAt = _stalledAt = rules.IdleFromNow;
        _oldAt = rules.OldFromNow;
        _lookedAt = rules.Now;
        _credit = FullCredit(rules);
    }

    /// <summary>Looks at a connection: tells whether it has to end, and why.</summary>
    public CloseCause Look(WatchRules rules, Connection connection)
    {
        // The counters before the clock: what moves after they are read counts as later than it was, and nobody as idle too early.
        var received = connection.Reading.Received;
        var sent = connection.Sent;
        var cameIn = received - _received;
        var isSending = sent != _sent;
        _received = received;
        _sent = sent;
        if (cameIn != 0 || isSending)
        {
            _idleAt = rules.IdleFromNow;
        }

        if (isSending || connection.WritingIfMade is not { IsAwaited: true })
        {
            _stalledAt = rules.IdleFromNow;
        }

        if (IsTooSlow(rules, cameIn, connection.Reading.IsAwaited))
        {
            return CloseCause.SlowToSend;
        }

        if (rules.HasReached(_oldAt))
        {
            return CloseCause.TooOld;
        }

        if (rules.HasReached(_idleAt))
        {
            return CloseCause.Idle;
        }

        return rules.HasReached(_stalledAt) ? CloseCause.Stalled : CloseCause.None;
    }

    /// <summary>Settles the account when bytes come: a client that sends nothing is not slow, it is idle.</summary>
    private bool IsTooSlow(WatchRules rules, uint cameIn, bool isAwaited)
    {
        var now = rules.Now;
        if (isAwaited)
        {
            _rested += now - _lookedAt;
        }

        _lookedAt = now;
        if (cameIn == 0)
        {
            return false;
        }

        // Who has rested for the grace period begins anew.
        _credit = _rested >= rules.Grace
            ? FullCredit(rules)
            : Math.Min(FullCredit(rules), _credit - (_rested * rules.BytesPerTick) + cameIn);
        _rested = 0;
        return _credit < 0;
    }

    private static double FullCredit(WatchRules rules) => rules.Grace * rules.BytesPerTick;
}
