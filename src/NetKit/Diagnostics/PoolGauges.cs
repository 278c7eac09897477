using System.Diagnostics.Metrics;

namespace NetKit;

/// <summary>Knows the pools there are, and adds up what they have. Does not keep them alive.</summary>
internal static class PoolGauges
{
    private static readonly Lock s_gate = new(); // guards s_pools
    private static readonly List<WeakReference<IPoolGauge>> s_pools = [];

    public static void Add(IPoolGauge pool)
    {
        lock (s_gate)
        {
            s_pools.RemoveAll(static known => !known.TryGetTarget(out _));
            s_pools.Add(new WeakReference<IPoolGauge>(pool));
        }
    }

    public static void Remove(IPoolGauge pool)
    {
        lock (s_gate)
        {
            s_pools.RemoveAll(known => !known.TryGetTarget(out var target) || target == pool);
        }
    }

    public static IEnumerable<Measurement<long>> Connections()
    {
        var (idle, leased, dialing, _) = Sum();
        return
        [
            new Measurement<long>(idle, new KeyValuePair<string, object?>("state", "idle")),
            new Measurement<long>(leased, new KeyValuePair<string, object?>("state", "leased")),
            new Measurement<long>(dialing, new KeyValuePair<string, object?>("state", "dialing")),
        ];
    }

    public static long Waiting() => Sum().Waiting;

    public static (long Idle, long Leased, long Dialing, long Waiting) Sum()
    {
        IPoolGauge[] pools;
        lock (s_gate)
        {
            pools = [.. s_pools.Select(static known => known.TryGetTarget(out var pool) ? pool : null).OfType<IPoolGauge>()];
        }

        var sum = (Idle: 0L, Leased: 0L, Dialing: 0L, Waiting: 0L);
        foreach (var pool in pools)
        {
            var (idle, leased, dialing, waiting) = pool.Measure();
            sum = (sum.Idle + idle, sum.Leased + leased, sum.Dialing + dialing, sum.Waiting + waiting);
        }

        return sum;
    }
}
