using System.Numerics;

namespace NetKit;

/// <summary>Sorts durations into buckets: eight to each power of two, so that none is wider than an eighth of its value.</summary>
internal static class LatencyBuckets
{
    /// <summary>How many there are; the last reaches beyond a day, the longest timeout there is.</summary>
    public const int Count = (36 - 2) * 8 + 8;

    // The finest step is 16 ticks, 1.6 us.
    private const int UnitShift = 4;
    private const long Longest = (1L << (36 + UnitShift + 1)) - 1;

    /// <summary>Finds the bucket of a duration in ticks of 100 ns; one beyond the ends is in the first or the last.</summary>
    public static int IndexOf(long ticks)
    {
        var units = (ulong)Math.Clamp(ticks, 0, Longest) >> UnitShift;
        if (units < 8)
        {
            return (int)units;
        }

        var power = BitOperations.Log2(units);
        return ((power - 2) * 8) + (int)((units >> (power - 3)) & 7);
    }

    /// <summary>Where a bucket begins, in ticks of 100 ns, and where the one before it ends.</summary>
    public static long StartOf(int index)
    {
        var units = index < 8 ? index : (8L + (index % 8)) << ((index / 8) - 1);
        return units << UnitShift;
    }
}
