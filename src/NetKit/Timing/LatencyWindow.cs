namespace NetKit;

/// <summary>Counts how long attempts took in the time just past: six spans in a ring, of which the oldest is forgotten at a time.</summary>
/// <remarks>
/// Adding is safe from any thread and takes no lock; the rest belongs under its owner's. What is added while a span is
/// being forgotten may be lost with it, which is a sample among thousands.
/// </remarks>
internal sealed class LatencyWindow(TimeSpan length)
{
    private const int Spans = 6;

    private readonly uint[] _completed = new uint[Spans * LatencyBuckets.Count];
    private readonly uint[] _censored = new uint[Spans * LatencyBuckets.Count];
    private readonly long _span = length.Ticks / Spans;
    private long _began = long.MinValue;
    private int _current; // the offset of the span that is being filled

    /// <summary>Counts an attempt that completed.</summary>
    public void Add(long ticks) => Interlocked.Increment(ref _completed[Volatile.Read(ref _current) + LatencyBuckets.IndexOf(ticks)]);

    /// <summary>Counts an attempt of which is known only that it would have taken longer.</summary>
    public void AddCensored(long ticks) => Interlocked.Increment(ref _censored[_current + LatencyBuckets.IndexOf(ticks)]);

    /// <summary>Forgets what is too old at the instant.</summary>
    public void MoveTo(long now)
    {
        if (_began == long.MinValue)
        {
            _began = now;
        }

        for (var gone = Math.Min((now - _began) / _span, Spans); gone > 0; gone--)
        {
            var next = (_current + LatencyBuckets.Count) % _completed.Length;
            Array.Clear(_completed, next, LatencyBuckets.Count);
            Array.Clear(_censored, next, LatencyBuckets.Count);
            Volatile.Write(ref _current, next);
        }

        _began += (now - _began) / _span * _span;
    }

    /// <summary>Adds the spans up.</summary>
    public void SumInto(Span<uint> completed, Span<uint> censored)
    {
        completed.Clear();
        censored.Clear();
        for (var index = 0; index < _completed.Length; index++)
        {
            completed[index % LatencyBuckets.Count] += _completed[index];
            censored[index % LatencyBuckets.Count] += _censored[index];
        }
    }
}
