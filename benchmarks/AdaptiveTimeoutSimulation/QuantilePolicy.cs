namespace NetKit.Simulation;

/// <summary>A quantile of the last minute times a factor, taken anew every 100 ms, and nothing else.</summary>
/// <param name="quantile">Which.</param>
/// <param name="factor">What it is multiplied by.</param>
/// <param name="keepsTimeouts">
/// Whether an attempt cut short counts as one that took that long, and each earlier one of the same request doubles the
/// timeout, as Restate does; otherwise only completed ones count.
/// </param>
internal sealed class QuantilePolicy(double quantile, double factor, bool keepsTimeouts) : TimeoutPolicy
{
    private const double Window = 60;

    private readonly Queue<(double When, double Latency)> _samples = new();
    private readonly SortedSet<(double Latency, double When)> _longest = [];
    private double _timeout = 30;
    private double _due;

    public override double Timeout(double now, int earlier)
    {
        if (now >= _due && _samples.Count >= 20)
        {
            _due = now + 0.1;
            Forget(now);
            _timeout = factor * Quantile();
        }

        return Math.Clamp(_timeout * (keepsTimeouts ? Math.Pow(2, earlier) : 1), 0.01, 30);
    }

    public override void Record(double now, double elapsed) => Add(now, elapsed);

    public override void RecordTimeout(double now, double waited)
    {
        if (keepsTimeouts)
        {
            Add(now, waited);
        }
    }

    private void Add(double now, double latency)
    {
        _samples.Enqueue((now, latency));
        _longest.Add((latency, now));
    }

    private void Forget(double now)
    {
        while (_samples.TryPeek(out var oldest) && oldest.When < now - Window)
        {
            _samples.Dequeue();
            _longest.Remove((oldest.Latency, oldest.When));
        }
    }

    private double Quantile()
    {
        var beyond = (int)((1 - quantile) * _longest.Count);
        return _longest.Reverse().ElementAtOrDefault(beyond).Latency is var found and > 0 ? found : _timeout / factor;
    }
}
