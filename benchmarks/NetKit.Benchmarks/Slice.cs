using System.Diagnostics;

namespace NetKit.Benchmarks;

/// <summary>What one slice of time came to.</summary>
internal readonly record struct Slice(double PerSecond, double CpuMicroseconds, double Allocated, double? SystemCalls)
{
    private const double StartingShare = 0.2;

    /// <summary>Runs loops until the time is over; the figures are per unit of work the loops report.</summary>
    /// <param name="length">How long the slice lasts.</param>
    /// <param name="unit">How much of what the loops return makes one unit, such as the bytes of a megabyte.</param>
    /// <param name="countCalls">Whether to count system calls, which costs some speed.</param>
    /// <param name="loops">Start the loops; each ends soon after the stopper says so, and returns how much it did.</param>
    public static Slice Run(TimeSpan length, double unit, bool countCalls, Func<Stopper, Task<long>[]> loops)
    {
        var stopper = new Stopper();
        using var counter = countCalls ? SystemCallCounter.TryStart() : null;
        var cpu = Environment.CpuUsage.TotalTime;
        var calls = counter?.Count();
        var watch = Stopwatch.StartNew();
        var running = Task.WhenAll(loops(stopper));

        // Starting the loops allocates, which is no business of theirs: begin to count when all are under way.
        Thread.Sleep(length * StartingShare);
        var allocated = GC.GetTotalAllocatedBytes();
        Thread.Sleep(length * (1 - StartingShare));
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        stopper.Stop();
        var done = running.GetAwaiter().GetResult().Sum() / unit;
        var elapsed = watch.Elapsed.TotalSeconds;
        calls = counter?.Count() - calls;
        cpu = Environment.CpuUsage.TotalTime - cpu;
        return new Slice(done / elapsed, cpu.TotalMicroseconds / done, allocated / (done * (1 - StartingShare)), calls / done);
    }

    /// <summary>A ratio taken within each round: the median, and the range that holds the middle half.</summary>
    public static string Ratio(List<Slice> slices, List<Slice> baseline, Func<Slice, double> figure)
    {
        if (ReferenceEquals(slices, baseline))
        {
            return "1";
        }

        var ratios = slices.Zip(baseline, (own, other) => figure(own) / figure(other)).ToArray();
        var (low, high) = Statistics.MiddleHalf(ratios);
        return $"{ResultTable.Number(Statistics.Median(ratios), "N3")} ({ResultTable.Number(low, "N2")}-{ResultTable.Number(high, "N2")})";
    }
}
