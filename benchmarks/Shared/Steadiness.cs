using System.Diagnostics;

namespace NetKit.Benchmarks;

/// <summary>Tells how evenly the machine itself runs. What a virtual machine is not given for a while, no program on it can make up for.</summary>
/// <param name="SlowShare">Of the slices of 10 ms, how many had less than <see cref="Enough"/> of the usual work done in them.</param>
/// <param name="Longest">How long that lasted at most, without a break.</param>
internal sealed record Steadiness(double SlowShare, TimeSpan Longest)
{
    public const double Enough = 0.6; // of the median
    private const int LoopsBetweenLooks = 10_000;
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(10);

    /// <summary>Keeps each core busy with one loop that needs no memory and waits for nothing.</summary>
    public static Steadiness Measure(TimeSpan time)
    {
        var ofCores = new int[Environment.ProcessorCount][];
        var threads = Enumerable.Range(0, ofCores.Length).Select(core => new Thread(() => ofCores[core] = Work(time))).ToArray();
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        return Of(ofCores);
    }

    /// <summary>Sums up: the mean of the shares, and the longest of all.</summary>
    public static Steadiness Sum(IReadOnlyCollection<Steadiness> all) => new(all.Average(static one => one.SlowShare), all.Max(static one => one.Longest));

    private static Steadiness Of(int[][] ofCores)
    {
        var (slow, slices, longest) = (0, 0, 0);
        foreach (var done in ofCores)
        {
            var enough = Enough * Statistics.Median(done.Select(static count => (double)count));
            var row = 0;
            foreach (var count in done)
            {
                row = count < enough ? row + 1 : 0;
                slow += count < enough ? 1 : 0;
                longest = Math.Max(longest, row);
            }

            slices += done.Length;
        }

        return new Steadiness((double)slow / slices, longest * s_slice);
    }

    private static int[] Work(TimeSpan time)
    {
        var done = new int[(int)(time / s_slice)];
        var begin = Stopwatch.GetTimestamp();
        var value = 1UL;
        while (Stopwatch.GetElapsedTime(begin) is var elapsed && elapsed < time)
        {
            for (var i = 0; i < LoopsBetweenLooks; i++)
            {
                value = (value * 6_364_136_223_846_793_005) + 1;
            }

            done[Math.Min((int)(elapsed / s_slice), done.Length - 1)]++;
        }

        GC.KeepAlive(value);
        return done;
    }
}
