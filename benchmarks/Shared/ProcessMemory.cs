using System.Globalization;

namespace NetKit.Benchmarks;

/// <summary>What this process holds.</summary>
internal static class ProcessMemory
{
    /// <summary>What the collector finds in use, after it has taken all it can.</summary>
    public static long Managed()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>The pages in memory. Linux only.</summary>
    public static long Resident()
    {
        const string Field = "VmRSS:";
        var line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith(Field, StringComparison.Ordinal));
        return 1024 * long.Parse(line[Field.Length..^"kB".Length], CultureInfo.InvariantCulture);
    }
}
