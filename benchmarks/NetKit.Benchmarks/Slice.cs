using System.Diagnostics;

namespace NetKit.Benchmarks;

/// <summary>What one slice of time came to.</summary>
internal readonly record struct Slice(double PerSecond, double CpuMicroseconds, double Allocated, double? SystemCalls)
{
    /// <summary>Runs loops until the time is over; the figures are per unit of work the loops report.</summary>
    /// <param name="length">How long the slice lasts.</param>
    /// <param name="unit">How much of what the loops return makes one unit, such as the bytes of a megabyte.</param>
    /// <param name="countCalls">Whether to count system calls, which costs some speed.</param>
    /// <param name="loops">Start the loops; each ends soon after the stopper says so, and returns how much it did.</param>
    public static Slice Run(TimeSpan length, double unit, bool countCalls, Func<Stopper, Task<long>[]> loops)
    {
        var stopper = new Stopper();
        using var counter = countCalls ? SystemCallCounter.TryStart() : null;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var calls = counter?.Count();
        var watch = Stopwatch.StartNew();
        var running = Task.WhenAll(loops(stopper));
        Thread.Sleep(length);
        stopper.Stop();
        var done = running.GetAwaiter().GetResult().Sum() / unit;
        var elapsed = watch.Elapsed.TotalSeconds;
        calls = counter?.Count() - calls;
        cpu = Environment.CpuUsage.TotalTime - cpu;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        return new Slice(done / elapsed, cpu.TotalMicroseconds / done, allocated / done, calls / done);
    }
}
