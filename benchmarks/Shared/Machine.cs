using System.Globalization;
using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>Says where and when a result was measured.</summary>
internal static class Machine
{
    public static string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"{Today:yyyy-MM-dd}, {Processor}, {Environment.ProcessorCount} core(s) usable, Linux {Kernel}, {RuntimeInformation.FrameworkDescription}");

    private static DateTimeOffset Today => TimeProvider.System.GetLocalNow();

    private static string Kernel => ReadFirstLine("/proc/sys/kernel/osrelease") ?? RuntimeInformation.OSDescription;

    private static string Processor => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo")
            .Where(static line => line.StartsWith("model name", StringComparison.Ordinal))
            .Select(static line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
            .FirstOrDefault() ?? RuntimeInformation.ProcessArchitecture.ToString()
        : RuntimeInformation.ProcessArchitecture.ToString();

    private static string? ReadFirstLine(string path) => File.Exists(path) ? File.ReadLines(path).FirstOrDefault() : null;
}
