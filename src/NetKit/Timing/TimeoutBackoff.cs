namespace NetKit;

/// <summary>Doubles a timeout for attempts that run out of time one after the other, until the peer is back as it was.</summary>
/// <remarks>
/// Attempts under way together run out together, and are one event. So after a doubling those that began before it, which
/// are over within the timeout of then, change nothing; nor do those still under way when the peer is back.
/// </remarks>
internal struct TimeoutBackoff
{
    // Ends the doubling: so many more attempts within the estimate than timeouts. One alone may be luck.
    private const int Recovery = 8;

    // So many timeouts in a row are no leftovers.
    private const int Anew = 64;

    private const int Limit = 30;

    private long _settled;
    private long _before;
    private long _leftovers; // until when attempts may run out that began before the peer was back
    private int _recovered;

    /// <summary>How often the timeout is doubled.</summary>
    public int Doublings { get; private set; }

    /// <summary>How many attempts ran out of time since the last that completed.</summary>
    public int InARow { get; private set; }

    public readonly bool IsIdle => InARow == 0 && Doublings == 0;

    /// <summary>Takes in an attempt that ran out of time and tells how long it had; null when it says nothing new.</summary>
    /// <param name="current">The timeout of attempts that begin now.</param>
    /// <param name="now">The instant.</param>
    /// <param name="expected">How many in a row are nothing unusual.</param>
    public long? RecordTimeout(long current, long now, int expected)
    {
        InARow++;
        _recovered = Math.Max(0, _recovered - 1);
        if (now <= _leftovers && InARow < Anew)
        {
            return null;
        }

        if (now <= _settled)
        {
            return _before;
        }

        if (InARow > expected && Doublings < Limit)
        {
            Doublings++;
            _recovered = 0;
            _before = current;
            _settled = now + current;
        }

        return current;
    }

    /// <summary>Takes in an attempt that completed.</summary>
    /// <param name="withinEstimate">Whether it took no longer than the timeout without doubling.</param>
    /// <param name="current">The timeout of attempts that begin now.</param>
    /// <param name="now">The instant.</param>
    public void RecordCompleted(bool withinEstimate, long current, long now)
    {
        InARow = 0;
        _recovered = withinEstimate ? _recovered + 1 : 0;
        if (Doublings > 0 && _recovered >= Recovery)
        {
            Doublings = 0;
            _leftovers = now + current;
        }
    }
}
