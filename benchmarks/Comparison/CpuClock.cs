using System.Runtime.InteropServices;

namespace NetKit.Benchmarks;

/// <summary>Reads the CPU clock of another process: to the nanosecond, where /proc/PID/stat counts hundredths of a second.</summary>
internal static partial class CpuClock
{
    private const int OfWholeProcess = 2;

    public static double Seconds(int process)
    {
        // What clock_getcpuclockid makes of a process id.
        return Read((~process << 3) | OfWholeProcess, out var time) == 0
            ? time.Seconds + (time.Nanoseconds * 1e-9)
            : throw new InvalidOperationException($"There is no process {process} any more.");
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int Read(int clock, out Time time);

    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
