using System.Runtime.InteropServices;

namespace NetKit;

/// <summary>Asks Linux how far apart two readings of its coarse monotonic clock are.</summary>
internal static partial class CoarseClock
{
    private const int ClockMonotonicCoarse = 6;

    /// <summary>The step in 100 ns ticks; 0 when the kernel does not say.</summary>
    public static long StepInTicks()
    {
        try
        {
            return GetResolution(ClockMonotonicCoarse, out var resolution) == 0
                ? (resolution.Seconds * TimeSpan.TicksPerSecond) + (resolution.Nanoseconds / 100)
                : 0;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_getres")]
    private static partial int GetResolution(int clock, out TimeSpec resolution);

    // Two machine words: long is 8 bytes on the 64-bit systems that .NET 10 supports, 4 on 32-bit Arm.
    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
