namespace NetKit;

/// <summary>The estimator of RFC 6298, section 2: a smoothed latency and how much it varies. Ticks of 100 ns.</summary>
internal struct SmoothedLatency
{
    private bool _begun;
    private double _mean;
    private double _variation;

    /// <summary>The timeout by section 2.3, with a millisecond for the granularity of the clock.</summary>
    public readonly double Timeout => _mean + Math.Max(TimeSpan.TicksPerMillisecond, 4 * _variation);

    public void Add(long ticks)
    {
        _variation = _begun ? (0.75 * _variation) + (0.25 * Math.Abs(_mean - ticks)) : ticks / 2.0;
        _mean = _begun ? (0.875 * _mean) + (0.125 * ticks) : ticks;
        _begun = true;
    }
}
