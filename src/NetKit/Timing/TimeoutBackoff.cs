namespace NetKit;

/// <summary>Doubles a timeout for attempts that run out of time one after the other, until the peer is back as it was.</summary>
/// <remarks>
/// Attempts under way together run out together, and are one event. So after a doubling those that began before it, which
/// are over within the timeout of then, change nothing.
/// </remarks>
internal struct TimeoutBackoff
{
    // Ends the doubling: attempts in a row within the estimate. One alone may be luck.
    private const int Recovery = 8;
    private const int Limit = 30;

    private long _settled;
    private long _before;
    private int _recovered;

    /// <summary>How often the timeout is doubled.</summary>
    public int Doublings { get; private set; }

    /// <summary>How many attempts ran out of time since the last that completed.</summary>
    public int InARow { get; private set; }

    public readonly bool IsIdle => InARow == 0 && Doublings == 0;

    /// <summary>Takes in an attempt that ran out of time and tells how long it had.</summary>
    /// <param name="current">The timeout of attempts that begin now.</param>
    /// <param name="now">The instant.</param>
    /// <param name="expected">How many in a row are nothing unusual.</param>
    public long RecordTimeout(long current, long now, int expected)
    {
        InARow++;
        _recovered = 0;
        if (now <= _settled)
        {
            return _before;
        }

        if (InARow > expected && Doublings < Limit)
        {
            Doublings++;
            _before = current;
            _settled = now + current;
        }

        return current;
    }

    /// <summary>Takes in an attempt that completed.</summary>
    public void RecordCompleted(bool withinEstimate)
    {
        InARow = 0;
        _recovered = withinEstimate ? _recovered + 1 : 0;
        if (_recovered >= Recovery)
        {
            Doublings = 0;
        }
    }
}
