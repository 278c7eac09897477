namespace NetKit;

/// <summary>Tells how long to wait for an attempt, from how long attempts took lately.</summary>
/// <remarks>
/// <para>One for each kind of operation and peer, shared by all that attempt it. <see cref="Record"/> each attempt that
/// completed, with its own service time: without time in a queue, without earlier attempts or pauses between them. Call
/// <see cref="RecordTimeout"/> for each that ran out of time. Record nothing for one that failed otherwise or was cancelled.</para>
/// <para>Up to 200 attempts in the window the estimate is that of RFC 6298, or the longest of them if that is more; from then
/// on it is the quantile of the window, times <see cref="AdaptiveTimeoutOptions.SafetyFactor"/>, taken anew at most ten times a
/// second. Attempts that ran out of time count as longer than they were let. Only when they are few, and more than the tail
/// of the completed ones foretells, the excess counts as lost on the way and lengthens nothing.</para>
/// <para>The timeout grows at once and shrinks by at most a tenth a second, and keeps its value while too little is measured.
/// It doubles with each timeout in a row, from the second on when the window holds 200; eight attempts within the estimate
/// end that.</para>
/// <para>Safe to use from any thread. Nothing runs in the background.</para>
/// </remarks>
/// <example>
/// As the deadline of a read:
/// <code>
/// var started = Stopwatch.GetTimestamp();
/// connection.ReadDeadline = adaptive.NextDeadline();
/// try
/// {
///     var read = await connection.ReadAsync(buffer);
///     adaptive.Record(Stopwatch.GetElapsedTime(started));
/// }
/// catch (DeadlineExceededException)
/// {
///     adaptive.RecordTimeout();
///     throw;
/// }
/// </code>
/// As the timeout of a Polly pipeline:
/// <code>
/// var pipeline = new ResiliencePipelineBuilder()
///     .AddTimeout(new TimeoutStrategyOptions
///     {
///         TimeoutGenerator = _ => new ValueTask&lt;TimeSpan>(adaptive.Current),
///         OnTimeout = _ =>
///         {
///             adaptive.RecordTimeout();
///             return default;
///         },
///     })
///     .Build();
/// </code>
/// </example>
public sealed class AdaptiveTimeout
{
    /// <summary>A far quantile of fewer is guesswork.</summary>
    private const int EnoughSamples = 200;

    // Below that the longest stands for the quantile, and one of few is likely short of it.
    private const double Caution = 2;

    // More attempts cut short than this are not put down to loss, whatever the tail says: a second, slower kind of answer has no tail.
    private const double LargestLoss = 0.03;

    // Silence says that nobody answers, not how long answers take: of timeouts in a row the first few are measured.
    private const int MeasuredInARow = 8;

    // The estimate of a far quantile wanders, that of a heavy tail most: the timeout shrinks when it is clearly too long.
    private const double Deviations = 3;

    private const long Interval = 100 * TimeSpan.TicksPerMillisecond;

    private readonly Lock _gate = new(); // guards what follows, except for adding to the window
    private readonly AdaptiveTimeoutOptions _options;
    private readonly TimeProvider? _clock;
    private readonly LatencyWindow _window;
    private readonly LatencyDistribution _distribution = new();
    private SmoothedLatency _smoothed;
    private TimeoutEnvelope _envelope;
    private TimeoutBackoff _backoff;
    private int _samples; // up to the end of the cold start
    private bool _enough;

    // Read without the lock.
    private long _current;
    private long _due = long.MinValue; // when to estimate anew
    private bool _simple; // nothing to do for an attempt that completed but to count it

    /// <summary>Makes a timeout that begins at <see cref="AdaptiveTimeoutOptions.Maximum"/>.</summary>
    /// <param name="options">How it adapts. Default (null): the options' defaults.</param>
    /// <param name="timeProvider">The clock of <see cref="NextDeadline"/> and of the adaptation. Default (null): the system's monotonic clock.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value of the options is out of range.</exception>
    public AdaptiveTimeout(AdaptiveTimeoutOptions? options = null, TimeProvider? timeProvider = null)
    {
        _options = (options ?? AdaptiveTimeoutOptions.Default).Validated();
        _clock = ReferenceEquals(timeProvider, TimeProvider.System) ? null : timeProvider;
        _window = new LatencyWindow(_options.Window);
        _current = _options.Maximum.Ticks;
    }

    /// <summary>Gets the timeout for an attempt that begins now: never below the minimum, never above the maximum.</summary>
    public TimeSpan Current
    {
        get
        {
            var now = MonotonicClock.Recent(_clock);
            if (now >= Volatile.Read(ref _due))
            {
                lock (_gate)
                {
                    Update(now);
                }
            }

            return TimeSpan.FromTicks(Volatile.Read(ref _current));
        }
    }

    /// <summary>Makes the deadline of an attempt that begins now: <see cref="Current"/> from now.</summary>
    public Deadline NextDeadline() => Deadline.After(Current, _clock);

    /// <summary>Takes in an attempt that completed.</summary>
    /// <param name="elapsed">How long it took; negative counts as zero.</param>
    public void Record(TimeSpan elapsed)
    {
        _window.Add(elapsed.Ticks);
        if (!Volatile.Read(ref _simple))
        {
            RecordWithCare(Math.Max(0, elapsed.Ticks));
        }
    }

    /// <summary>Takes in an attempt that ran out of time.</summary>
    public void RecordTimeout()
    {
        lock (_gate)
        {
            var now = MonotonicClock.Recent(_clock);
            Update(now);
            var had = _backoff.RecordTimeout(_current, now, expected: _enough ? 1 : 0);
            if (had is { } ticks && _backoff.InARow <= MeasuredInARow)
            {
                _window.AddCensored(ticks);
            }

            Publish();
        }
    }

    private void RecordWithCare(long ticks)
    {
        lock (_gate)
        {
            _samples = Math.Min(_samples + 1, _options.ColdStartSamples);
            _smoothed.Add(ticks);
            _backoff.RecordCompleted(ticks <= _envelope.Value, _current, MonotonicClock.Recent(_clock));
            Publish();
        }
    }

    private void Publish()
    {
        // Each of few samples changes the estimate noticeably; with many, an interval is soon enough.
        if (!_enough)
        {
            Volatile.Write(ref _due, long.MinValue);
        }

        Volatile.Write(ref _simple, _enough && _backoff.IsIdle);
        if (_samples >= _options.ColdStartSamples && _envelope.Value > 0)
        {
            var timeout = _envelope.Value * Math.Pow(2, _backoff.Doublings);
            Volatile.Write(ref _current, (long)Math.Min(timeout, _options.Maximum.Ticks));
        }
    }

    private void Update(long now)
    {
        if (now < _due)
        {
            return;
        }

        _window.MoveTo(now);
        _distribution.Load(_window);
        var enough = _distribution.Completed >= EnoughSamples;
        if (_enough && !enough)
        {
            _smoothed = default;
        }

        _enough = enough;
        if (_samples >= _options.ColdStartSamples)
        {
            Follow(now);
        }

        Volatile.Write(ref _due, now + Interval);
        Publish();
    }

    private void Follow(long now)
    {
        var slow = Slow();
        if (_envelope.Value == 0)
        {
            _envelope.Begin(Estimate(slow, 0), now);
        }
        else if (_distribution.Completed < _options.ColdStartSamples)
        {
            _envelope.Hold(now);
        }
        else
        {
            _envelope.Follow(Estimate(slow, 0), Estimate(slow, Deviations), now);
        }
    }

    /// <summary>Estimates the timeout, or what it is hardly above: by as many standard deviations of the count beyond it.</summary>
    private double Estimate(double slow, double deviations)
    {
        var longest = slow > 0 ? _distribution.Longest : _distribution.LongestCompleted;
        var estimate = Math.Max(_smoothed.Timeout, Caution * _options.SafetyFactor * longest);
        if (_enough)
        {
            var beyond = (1 - _options.Quantile) * (_distribution.Completed + slow);
            var part = 1 - ((1 - _options.Quantile) * Math.Max(0, 1 - (deviations / Math.Sqrt(beyond))));
            estimate = _options.SafetyFactor * _distribution.Quantile(part, slow);
        }

        return Math.Clamp(estimate, _options.Minimum.Ticks, _options.Maximum.Ticks);
    }

    /// <summary>How many of the attempts that were cut short would have completed.</summary>
    private double Slow()
    {
        var cut = (double)_distribution.Censored;
        if (cut > 1 && cut > LargestLoss * (_distribution.Completed + cut))
        {
            return cut;
        }

        return _enough ? Math.Min(cut, _distribution.TailBeyond((long)_envelope.Value)) : 0;
    }
}
