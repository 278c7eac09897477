namespace NetKit.Samples;

/// <summary>Lets so many messages, or frames, a second pass, and bursts of twice as many. A bucket of tokens.</summary>
internal sealed class MessageRate(int perSecond, TimeProvider clock)
{
    private double _tokens = 2 * perSecond;
    private long _at = clock.GetTimestamp();

    public bool TryPass(long count = 1)
    {
        var now = clock.GetTimestamp();
        _tokens = Math.Min(2 * perSecond, _tokens + (perSecond * clock.GetElapsedTime(_at, now).TotalSeconds));
        _at = now;
        if (_tokens < count)
        {
            return false;
        }

        _tokens -= count;
        return true;
    }
}
