using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace NetKit;

/// <summary>Reads a monotonic clock in 100 ns ticks; null stands for the system's.</summary>
/// <remarks>
/// The system's clock is read in two ways. <see cref="Stopwatch"/> is exact and costs some 25 ns.
/// <see cref="Environment.TickCount64"/> costs some 5 ns; on Linux it is the kernel's coarse reading of the same clock,
/// never ahead of it and at most one kernel tick behind. Elsewhere, or should the two ever disagree, only the exact one is used.
/// </remarks>
internal static class MonotonicClock
{
    /// <summary>Timeouts below this are measured exactly, because one coarse step would be a noticeable part of them.</summary>
    private const long CoarseFrom = 100 * TimeSpan.TicksPerMillisecond;

    // Half of MaxValue, so that adding a few of them to a reading of the clock still does not overflow.
    private const long FarFuture = long.MaxValue / 2;

    // The kernel's tick is 1, 2.5, 4 or 10 ms by its configuration; one more millisecond for TickCount64's truncation.
    private static readonly long s_coarseLag = MeasureCoarseLag();

    /// <summary>Reads the clock exactly.</summary>
    public static long Now(TimeProvider? clock) => clock is null ? Exact() : OfProvider(clock);

    /// <summary>The instant that lies a number of ticks from now; never so early that less than that has gone by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long After(TimeProvider? clock, long ticks)
    {
        // One comparison for both ends of the range: the path of every idle timeout that is moved.
        return clock is null && s_coarseLag > 0 && (ulong)(ticks - CoarseFrom) <= FarFuture - CoarseFrom
            ? Coarse() + s_coarseLag + ticks
            : AfterExact(clock, ticks);
    }

    // A negative timeout is a deadline that has passed: now is as past as any, and cannot wrap around.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long AfterExact(TimeProvider? clock, long ticks) => Now(clock) + Math.Clamp(ticks, 0, FarFuture);

    /// <summary>Tells whether the clock has come to the instant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasReached(TimeProvider? clock, long instant)
    {
        if (clock is null && s_coarseLag > 0)
        {
            // The coarse reading lags, so "reached" is true at once, and "not yet" is true when the lag cannot matter.
            var missing = instant - Coarse();
            if (missing <= 0)
            {
                return true;
            }

            if (missing > s_coarseLag)
            {
                return false;
            }
        }

        return Now(clock) >= instant;
    }

    private static long Coarse() => Environment.TickCount64 * TimeSpan.TicksPerMillisecond;

    private static long Exact() => Scale(Stopwatch.GetTimestamp(), Stopwatch.Frequency);

    private static long OfProvider(TimeProvider clock) => Scale(clock.GetTimestamp(), clock.TimestampFrequency);

    private static long Scale(long timestamp, long frequency)
    {
        if (frequency == TimeSpan.TicksPerSecond)
        {
            return timestamp;
        }

        return frequency % TimeSpan.TicksPerSecond == 0
            ? timestamp / (frequency / TimeSpan.TicksPerSecond)
            : (long)((Int128)timestamp * TimeSpan.TicksPerSecond / frequency);
    }

    /// <summary>The most that the coarse reading can lag, or 0 when it cannot be used.</summary>
    private static long MeasureCoarseLag()
    {
        const long MostExpected = 11 * TimeSpan.TicksPerMillisecond;
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        // More than one try: this thread may lose its core between two readings.
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var before = Exact();
            var coarse = Coarse();
            var after = Exact();
            if (coarse <= after && before - coarse <= MostExpected)
            {
                var step = CoarseClock.StepInTicks();
                return step is > 0 and <= MostExpected ? step + TimeSpan.TicksPerMillisecond : MostExpected;
            }
        }

        return 0;
    }
}
