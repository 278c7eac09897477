namespace NetKit.Simulation;

/// <summary>What a run of the closed loop came to.</summary>
internal sealed class ClosedLoopResult
{
    private readonly int[] _bySecond = new int[(int)ClosedLoop.Length];

    public long Requests { get; set; }

    public long Attempts { get; set; }

    public List<double> Latencies { get; } = [];

    /// <summary>Attempts for each request.</summary>
    public double Amplification => Attempts / (double)Requests;

    /// <summary>Answers a second in the half minute before the slow moment.</summary>
    public double Before => Goodput((int)ClosedLoop.SlowFrom - 30);

    /// <summary>Answers a second in the last half minute.</summary>
    public double AtTheEnd => Goodput((int)ClosedLoop.Length - 30);

    /// <summary>From the end of the slow moment, the seconds until ten seconds in a row have 95 % of the answers of before; null for never.</summary>
    public int? Recovery
    {
        get
        {
            for (var second = (int)ClosedLoop.SlowUntil; second + 10 <= _bySecond.Length; second++)
            {
                if (_bySecond.AsSpan(second, 10).ToArray().Average() >= 0.95 * Before)
                {
                    return second - (int)ClosedLoop.SlowUntil;
                }
            }

            return null;
        }
    }

    public void Answered(double now, double latency)
    {
        _bySecond[(int)now]++;
        Latencies.Add(latency);
    }

    private double Goodput(int from) => _bySecond.AsSpan(from, 30).ToArray().Average();
}
