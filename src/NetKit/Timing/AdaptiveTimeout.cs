namespace NetKit;

/// <summary>Tells how long to wait for an attempt, from how long attempts took lately.</summary>
/// <remarks>
/// <para>One for each kind of operation and peer, shared by all that attempt it. <see cref="Record"/> each attempt that
/// completed, with its own service time: without time in a queue, without earlier attempts or pauses between them. Call
/// <see cref="RecordTimeout"/> for each that ran out of time. Record nothing for one that failed otherwise or was cancelled.</para>
/// <para>Safe to use from any thread.</para>
/// </remarks>
public sealed class AdaptiveTimeout
{
    private readonly Lock _gate = new(); // guards what follows
    private readonly AdaptiveTimeoutOptions _options;
    private readonly TimeProvider? _timeProvider;
    private int _samples;
    private double _smoothed;
    private double _variation;
    private int _timeouts;

    /// <summary>Makes a timeout that begins at <see cref="AdaptiveTimeoutOptions.Maximum"/>.</summary>
    /// <param name="options">How it adapts. Default (null): the options' defaults.</param>
    /// <param name="timeProvider">The clock of <see cref="NextDeadline"/> and of the adaptation. Default (null): the system's monotonic clock.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value of the options is out of range.</exception>
    public AdaptiveTimeout(AdaptiveTimeoutOptions? options = null, TimeProvider? timeProvider = null)
    {
        _options = (options ?? AdaptiveTimeoutOptions.Default).Validated();
        _timeProvider = timeProvider;
    }

    /// <summary>Gets the timeout for an attempt that begins now: never below the minimum, never above the maximum.</summary>
    public TimeSpan Current
    {
        get
        {
            lock (_gate)
            {
                if (_samples < _options.ColdStartSamples)
                {
                    return _options.Maximum;
                }

                var ticks = (_smoothed + Math.Max(TimeSpan.TicksPerMillisecond, 4 * _variation)) * Math.Pow(2, Math.Min(_timeouts, 30));
                return TimeSpan.FromTicks((long)Math.Clamp(ticks, _options.Minimum.Ticks, _options.Maximum.Ticks));
            }
        }
    }

    /// <summary>Makes the deadline of an attempt that begins now: <see cref="Current"/> from now.</summary>
    public Deadline NextDeadline() => Deadline.After(Current, _timeProvider);

    /// <summary>Takes in an attempt that completed.</summary>
    /// <param name="elapsed">How long it took; negative counts as zero.</param>
    public void Record(TimeSpan elapsed)
    {
        lock (_gate)
        {
            var sample = (double)Math.Max(0, elapsed.Ticks);
            _variation = _samples == 0 ? sample / 2 : (0.75 * _variation) + (0.25 * Math.Abs(_smoothed - sample));
            _smoothed = _samples == 0 ? sample : (0.875 * _smoothed) + (0.125 * sample);
            _samples = Math.Min(_samples + 1, int.MaxValue - 1);
            _timeouts = 0;
        }
    }

    /// <summary>Takes in an attempt that ran out of time.</summary>
    public void RecordTimeout()
    {
        lock (_gate)
        {
            _timeouts = Math.Min(_timeouts + 1, 30);
        }
    }
}
