namespace NetKit;

/// <summary>What a window of latencies says about the time that an attempt takes, those that were cut short included.</summary>
/// <remarks>Belongs under its owner's lock. Durations are ticks of 100 ns.</remarks>
internal sealed class LatencyDistribution
{
    private readonly uint[] _completed = new uint[LatencyBuckets.Count];
    private readonly uint[] _censored = new uint[LatencyBuckets.Count];

    /// <summary>How many attempts completed.</summary>
    public long Completed { get; private set; }

    /// <summary>How many attempts were cut short by their timeout.</summary>
    public long Censored { get; private set; }

    /// <summary>The longest that an attempt took which completed.</summary>
    public long LongestCompleted { get; private set; }

    /// <summary>The longest that an attempt is known to have waited for, whether it completed or not.</summary>
    public long Longest { get; private set; }

    public void Load(LatencyWindow window)
    {
        window.SumInto(_completed, _censored);
        (Completed, Censored, LongestCompleted, Longest) = (0, 0, 0, 0);
        for (var index = 0; index < LatencyBuckets.Count; index++)
        {
            Completed += _completed[index];
            Censored += _censored[index];
            var end = LatencyBuckets.StartOf(index + 1);
            LongestCompleted = _completed[index] > 0 ? end : LongestCompleted;
            Longest = _completed[index] + _censored[index] > 0 ? end : Longest;
        }
    }

    /// <summary>Estimates the time within which a part of the attempts completes; <see cref="Longest"/> when it lies beyond what was seen.</summary>
    /// <param name="part">The part, from 0 to 1.</param>
    /// <param name="slow">How many of the attempts cut short would have completed; the others are lost and have no duration.</param>
    /// <remarks>
    /// The product-limit estimator (Kaplan and Meier, 1958): an attempt cut short counts as still waiting up to that moment,
    /// and from then on as one of those that waited longer. So a timeout that was too short does not hide the latencies it cut off.
    /// </remarks>
    public double Quantile(double part, double slow)
    {
        var weight = Censored == 0 ? 0 : slow / Censored;
        var waiting = Completed + slow;
        var surviving = 1.0;
        for (var index = 0; index < LatencyBuckets.Count && waiting > 0; index++)
        {
            var left = surviving * (1 - (_completed[index] / waiting));
            if (left <= 1 - part && _completed[index] > 0)
            {
                var within = (surviving - (1 - part)) / (surviving - left);
                return LatencyBuckets.StartOf(index) + (within * (LatencyBuckets.StartOf(index + 1) - LatencyBuckets.StartOf(index)));
            }

            surviving = left;
            waiting -= _completed[index] + (weight * _censored[index]);
        }

        return Longest;
    }

    /// <summary>Estimates how many attempts take longer than a duration, from how the tail thins out before it.</summary>
    /// <remarks>
    /// Each doubling of the duration leaves a part of the attempts. Tails of constant exponent keep that part, lighter ones
    /// lower it by a constant factor; so three octaves foretell those that follow. The last of them may hold too few to tell,
    /// so the forecast is made from earlier ones too, and the least counts: one too high feeds on itself.
    /// </remarks>
    public double TailBeyond(long ticks) =>
        Math.Min(Forecast(ticks, 0), Math.Min(Forecast(ticks / 2, 1), Forecast(ticks / 4, 2)));

    private double Forecast(long end, int octavesBefore)
    {
        var last = Between(end / 2, octavesBefore == 0 ? long.MaxValue : end);
        var middle = Between(end / 4, end / 2);
        var first = Between(end / 8, end / 4);
        if (last == 0)
        {
            return 0;
        }

        var ratio = last / middle;
        var lowering = Math.Min(1, ratio / (middle / first));
        var (octave, beyond) = (last, 0.0);
        for (var ahead = 0; ahead < 32 && octave < Completed; ahead++)
        {
            ratio *= lowering;
            octave *= ratio;
            beyond += ahead >= octavesBefore ? octave : 0;
        }

        return octave < Completed ? beyond * (1 + (1 / Math.Sqrt(last))) : double.PositiveInfinity;
    }

    private double Between(long from, long to)
    {
        double count = 0;
        for (var index = LatencyBuckets.IndexOf(from); index < LatencyBuckets.IndexOf(to); index++)
        {
            count += _completed[index];
        }

        return count;
    }
}
