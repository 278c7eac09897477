using System.Globalization;

namespace NetKit.Tests.Stress;

/// <summary>Collects how long answers took. Safe from any thread.</summary>
internal sealed class Latencies
{
    private readonly Lock _gate = new(); // guards _all
    private readonly List<TimeSpan> _all = [];

    /// <summary>Adds one, and with it those of the questions that were not asked while it was waited for.</summary>
    public void Add(TimeSpan latency, TimeSpan interval)
    {
        lock (_gate)
        {
            do
            {
                _all.Add(latency);
                latency -= interval;
            }
            while (latency > TimeSpan.Zero);
        }
    }

    /// <summary>Those since the last call of this, in order.</summary>
    public Percentiles Take()
    {
        lock (_gate)
        {
            var sorted = _all.ToArray();
            _all.Clear();
            Array.Sort(sorted);
            return new Percentiles(sorted);
        }
    }

    /// <summary>Latencies in order.</summary>
    internal sealed class Percentiles(TimeSpan[] sorted)
    {
        public TimeSpan P99 => At(0.99);

        public TimeSpan Most => At(1);

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{sorted.Length} answers, p50 {At(0.5).TotalMilliseconds:F2} ms, p99 {P99.TotalMilliseconds:F2} ms, most {Most.TotalMilliseconds:F1} ms");

        private TimeSpan At(double share) =>
            sorted.Length == 0 ? TimeSpan.MaxValue : sorted[Math.Min((int)(sorted.Length * share), sorted.Length - 1)];
    }
}
