namespace NetKit;

/// <summary>Says when a pool may dial next, and how many dials may run at once: one prober while the endpoint fails, then 1, 2, 4 and so on.</summary>
/// <remarks>
/// <para>Failures of dials that ran side by side count once. The wait is measured from the start of the attempt, grows from
/// 100 ms to 1 s for somebody who waits and to 30 s for nobody but the minimum of idle connections, and has its jitter after the cap,
/// so that many pools do not come back in step.</para>
/// <para>A connection that could be opened says little: a server may accept and hang up. So the wait starts small again only
/// once a connection was returned in a good state; and one that died before its first return counts as a failure.</para>
/// </remarks>
internal sealed class DialPace
{
    private const long FirstWait = 100 * TimeSpan.TicksPerMillisecond;
    private const long LongestWait = TimeSpan.TicksPerSecond;
    private const long FirstIdleWait = TimeSpan.TicksPerSecond;
    private const long LongestIdleWait = 30 * TimeSpan.TicksPerSecond;
    private const double Jitter = 0.2;
    private const int MostDoublings = 8; // enough for both waits

    private readonly Random _random;
    private readonly int _mostDials;
    private int _failures;
    private double _jitter = 1; // drawn once a failure
    private long _failedAt = long.MinValue;
    private long _gate = long.MinValue;
    private long _idleGate = long.MinValue;

    /// <param name="mostDials">How many dials may run at once when all is well.</param>
    /// <param name="random">Where the jitter comes from.</param>
    public DialPace(int mostDials, Random random)
    {
        _mostDials = mostDials;
        _random = random;
        Allowance = mostDials;
    }

    /// <summary>How many dials may run at once.</summary>
    public int Allowance { get; private set; }

    /// <summary>Whether the last dial to end has failed.</summary>
    public bool IsDown { get; private set; }

    /// <summary>Whether a good return would tell nothing new.</summary>
    public bool IsProven => _failures == 0 && Allowance == _mostDials;

    /// <summary>When a dial may start; it may now if that has gone by.</summary>
    public long GateFor(bool somebodyWaits) => somebodyWaits ? _gate : _idleGate;

    public void OnDialed(long startedAt)
    {
        // One that was under way when another turned out useless may be as useless.
        if (IsDown || startedAt > _failedAt)
        {
            _gate = _idleGate = long.MinValue;
            Allowance = (int)Math.Min(2L * Allowance, _mostDials);
        }

        IsDown = false;
    }

    public void OnDialFailed(long startedAt, long now)
    {
        IsDown = true;
        OnFailed(startedAt, now);
    }

    /// <summary>A connection had been ended by the peer before it was of any use.</summary>
    public void OnStillborn(long startedAt, long now) => OnFailed(startedAt, now);

    /// <summary>A connection was returned in a good state. One from before the last failure proves nothing.</summary>
    public void OnProof(long bornAt)
    {
        if (bornAt >= _failedAt)
        {
            _failures = 0;
            Allowance = _mostDials;
        }
    }

    private void OnFailed(long startedAt, long now)
    {
        Allowance = 1;
        if (startedAt > _failedAt || _failures == 0)
        {
            // The others of its kind ran beside the one that failed before.
            _failures = Math.Min(_failures + 1, MostDoublings);
            _jitter = 1 + (Jitter * ((2 * _random.NextDouble()) - 1));
        }

        _failedAt = now;
        _gate = Math.Max(_gate, startedAt + WaitAfter(FirstWait, LongestWait));
        _idleGate = Math.Max(_idleGate, startedAt + WaitAfter(FirstIdleWait, LongestIdleWait));
    }

    private long WaitAfter(long first, long longest) => (long)(_jitter * Math.Min(first << (_failures - 1), longest));
}
