namespace NetKit.Simulation;

/// <summary>What a run, or several runs added up, came to.</summary>
internal sealed class OpenLoopResult(double length)
{
    private double _length = length;

    // The first minute is the cold start, and is no steady state.
    private const int WarmUp = 600;

    public long Requests { get; set; }

    public long Attempts { get; set; }

    /// <summary>Attempts that would complete, given time.</summary>
    public long Answered { get; set; }

    /// <summary>Those of them that were not given it.</summary>
    public long FalseTimeouts { get; set; }

    public List<double> Latencies { get; } = [];

    /// <summary>When each attempt began and how long it was given.</summary>
    public List<(double Began, double Limit)> Started { get; } = [];

    /// <summary>The timeout, ten times a second.</summary>
    public List<double> Timeouts { get; } = [];

    public double FalseTimeoutRate => FalseTimeouts / (double)Answered;

    public double Amplification => Attempts / (double)Latencies.Count;

    public double Goodput => Latencies.Count / _length;

    public double SucceededPart => Latencies.Count / (double)Requests;

    public double Latency(double quantile) => Quantiles.Of(Latencies, quantile);

    public List<double> Detections { get; private set; } = [];

    public double TurnsPerMinute { get; private set; }

    /// <summary>Works out what is asked of one run alone, before runs are added up.</summary>
    public OpenLoopResult Finish()
    {
        Detections = Detect();
        TurnsPerMinute = Turns() / ((Timeouts.Count - WarmUp) / 600.0);
        return this;
    }

    public static OpenLoopResult Sum(IReadOnlyList<OpenLoopResult> runs)
    {
        var sum = new OpenLoopResult(0);
        foreach (var run in runs)
        {
            sum._length += run._length;
            sum.Requests += run.Requests;
            sum.Attempts += run.Attempts;
            sum.Answered += run.Answered;
            sum.FalseTimeouts += run.FalseTimeouts;
            sum.Latencies.AddRange(run.Latencies);
            sum.Detections.AddRange(run.Detections);
            sum.TurnsPerMinute += run.TurnsPerMinute / runs.Count;
        }

        return sum;
    }

    /// <summary>
    /// For a black hole that begins at each tenth of a second after the first minute: how long until the first attempt sent
    /// into it runs out of time. What attempts are given while nothing has run out yet is what the run gave them.
    /// </summary>
    private List<double> Detect()
    {
        var detections = new List<double>();
        var next = Started.Count - 1;
        var earliest = double.PositiveInfinity;
        for (var sample = Timeouts.Count - 1; sample >= WarmUp; sample--)
        {
            var from = sample / 10.0;
            for (; next >= 0 && Started[next].Began >= from; next--)
            {
                earliest = Math.Min(earliest, Started[next].Began + Started[next].Limit);
            }

            if (double.IsFinite(earliest))
            {
                detections.Add(earliest - from);
            }
        }

        return detections;
    }

    private int Turns()
    {
        var (turns, direction) = (0, 0);
        for (var sample = WarmUp + 1; sample < Timeouts.Count; sample++)
        {
            var moved = Math.Sign(Timeouts[sample] - Timeouts[sample - 1]);
            if (moved != 0 && moved != direction)
            {
                turns += direction == 0 ? 0 : 1;
                direction = moved;
            }
        }

        return turns;
    }
}
