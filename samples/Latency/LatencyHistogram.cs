using System.Numerics;

namespace NetKit.Samples;

/// <summary>Counts latencies in buckets no wider than 1/64 of their value: 30 KB, however many are recorded.</summary>
/// <remarks>One thread records; others may read meanwhile and see a count or two less.</remarks>
internal sealed class LatencyHistogram
{
    // Values below 128 ticks of 100 ns have a bucket each; above, each power of two is divided in 64.
    private const int SubBits = 6;
    private readonly long[] _buckets = new long[Bucket(long.MaxValue) + 1];
    private long _count;
    private long _max;

    public long Count => Volatile.Read(ref _count);

    public static LatencyHistogram Sum(IEnumerable<LatencyHistogram> parts)
    {
        var sum = new LatencyHistogram();
        foreach (var part in parts)
        {
            sum._count += part._count;
            sum._max = Math.Max(sum._max, part._max);
            for (var i = 0; i < part._buckets.Length; i++)
            {
                sum._buckets[i] += part._buckets[i];
            }
        }

        return sum;
    }

    /// <summary>Counts one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative: it was measured wrongly.</exception>
    public void Record(TimeSpan latency)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(latency, TimeSpan.Zero);
        _buckets[Bucket(latency.Ticks)]++;
        _max = Math.Max(_max, latency.Ticks);
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Finds the latency that so many percent do not exceed, rounded up by at most 1/64.</summary>
    public TimeSpan Percentile(double percent)
    {
        var left = (long)Math.Ceiling(_count * percent / 100);
        var bucket = 0;
        while (bucket < _buckets.Length - 1 && (left -= _buckets[bucket]) > 0)
        {
            bucket++;
        }

        return new(Math.Min(Highest(bucket), _max));
    }

    private static int Bucket(long ticks)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)ticks) - SubBits);
        return (shift << SubBits) + (int)(ticks >> shift);
    }

    private static long Highest(int bucket)
    {
        var shift = Math.Max(0, (bucket >> SubBits) - 1);
        return (((long)(bucket - (shift << SubBits)) + 1) << shift) - 1;
    }
}
