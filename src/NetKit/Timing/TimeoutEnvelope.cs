namespace NetKit;

/// <summary>Follows an estimate as a timeout should: up at once, down slowly, and not at all for noise.</summary>
internal struct TimeoutEnvelope
{
    private const double KeptEachSecond = 0.9;

    private const double Noise = 0.05;

    private long _updated;
    private bool _falling;

    /// <summary>The timeout, in ticks of 100 ns.</summary>
    public double Value { get; private set; }

    /// <summary>Begins anew at an estimate.</summary>
    public void Begin(double estimate, long now)
    {
        (Value, _updated, _falling) = (estimate, now, false);
    }

    /// <summary>Takes in a new estimate, and the bound that the truth is hardly above.</summary>
    public void Follow(double estimate, double bound, long now)
    {
        var seconds = (now - _updated) / (double)TimeSpan.TicksPerSecond;
        _updated = now;
        _falling = estimate < Value && (_falling || bound < Value * (1 - Noise));
        if (_falling)
        {
            Value = Math.Max(estimate, Value * Math.Pow(KeptEachSecond, seconds));
        }
        else if (estimate > Value * (1 + Noise))
        {
            Value = estimate;
        }
    }

    /// <summary>Keeps the value for want of evidence; the time that passes meanwhile lets it fall no faster later.</summary>
    public void Hold(long now) => _updated = now;
}
