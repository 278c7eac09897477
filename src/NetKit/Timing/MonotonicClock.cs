using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace NetKit;

/// <summary>Reads a monotonic clock in 100 ns ticks; null stands for the system's.</summary>
/// <remarks>
/// <para>The system's clock is read in two ways. <see cref="Stopwatch"/> is exact and costs some 25 ns.
/// <see cref="Environment.TickCount64"/> costs some 5 ns; on Linux it is the kernel's coarse reading of the same clock: never
/// ahead of it, and behind by a kernel tick, or by more on a machine so busy that its ticks come late.</para>
/// <para>So the coarse reading may say "reached", and it may say "not by far"; whatever is closer is asked of the exact
/// clock. A long timeout made from it is lengthened by twice the largest lag ever seen, which keeps it from being early.</para>
/// </remarks>
internal static class MonotonicClock
{
    /// <summary>Shorter timeouts are measured exactly, because a lag would be a noticeable part of them.</summary>
    private const long CoarseFrom = TimeSpan.TicksPerSecond;

    // Half of MaxValue, so that adding a few of them to a reading of the clock still does not overflow.
    private const long FarFuture = long.MaxValue / 2;

    // No kernel's tick is longer than 10 ms.
    private const long SmallestAllowance = 20 * TimeSpan.TicksPerMillisecond;

    // A lag beyond half of this is a machine that stood still, and no measure for the time after.
    private const long LargestAllowance = 200 * TimeSpan.TicksPerMillisecond;

    private static readonly bool s_hasCoarse = IsTheSameClock();

    // What a coarse reading is trusted to lag by at the most. Only grows, within bounds.
    private static long s_allowance = SmallestAllowance;

    /// <summary>Reads the clock exactly.</summary>
    public static long Now(TimeProvider? clock)
    {
        if (clock is not null)
        {
            return Scale(clock.GetTimestamp(), clock.TimestampFrequency);
        }

        var now = Exact();
        if (s_hasCoarse)
        {
            LearnLag(now);
        }

        return now;
    }

    /// <summary>Reads the clock cheaply: the system's may be behind by a tick of the kernel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Recent(TimeProvider? clock) => clock is null && s_hasCoarse ? Coarse() : Now(clock);

    /// <summary>The instant that lies a number of ticks from now; never so early that less than that has gone by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long After(TimeProvider? clock, long ticks)
    {
        // One comparison for both ends of the range: the path of every idle timeout that is moved.
        return clock is null && s_hasCoarse && (ulong)(ticks - CoarseFrom) <= FarFuture - CoarseFrom
            ? Coarse() + Volatile.Read(ref s_allowance) + ticks
            : AfterExact(clock, ticks);
    }

    /// <summary>Tells whether the clock has come to the instant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasReached(TimeProvider? clock, long instant)
    {
        if (clock is null && s_hasCoarse)
        {
            var missing = instant - Coarse();
            if (missing <= 0)
            {
                return true;
            }

            if (missing > CoarseFrom)
            {
                return false;
            }
        }

        return Now(clock) >= instant;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long AfterExact(TimeProvider? clock, long ticks)
    {
        if (ticks <= 0)
        {
            // As past as any, and before the tick that the clock stands in; more could wrap around.
            return Now(clock) - 1;
        }

        // The system's clock is finer than our ticks: the part of a tick that was cut off is given back.
        return Now(clock) + Math.Min(ticks, FarFuture) + (clock is null ? 1 : 0);
    }

    private static long Coarse() => Environment.TickCount64 * TimeSpan.TicksPerMillisecond;

    private static long Exact() => Scale(Stopwatch.GetTimestamp(), Stopwatch.Frequency);

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

    // Read after the exact clock, so that losing the core in between can only make the lag look smaller.
    private static void LearnLag(long exact)
    {
        var twice = Math.Min(2 * (exact - Coarse()), LargestAllowance);
        if (twice > Volatile.Read(ref s_allowance))
        {
            Volatile.Write(ref s_allowance, twice);
        }
    }

    /// <summary>Tells whether the coarse reading is one of the exact clock. That is so on Linux; elsewhere it is not needed.</summary>
    private static bool IsTheSameClock()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        // More than one try: this thread may lose its core between two readings.
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var before = Exact();
            var coarse = Coarse();
            if (coarse <= Exact() && before - coarse <= SmallestAllowance)
            {
                return true;
            }
        }

        return false;
    }
}
