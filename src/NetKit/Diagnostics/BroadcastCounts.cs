using System.Diagnostics.Metrics;

namespace NetKit;

/// <summary>Counts what broadcasters do. Looked at when somebody collects it, so that no listener's code runs while something is published.</summary>
internal static class BroadcastCounts
{
    private static long s_subscriptions;
    private static long s_disconnected;
    private static long s_droppedOfDisconnected;
    private static long s_droppedOldest;
    private static long s_droppedNewest;

    public static long Subscriptions => Interlocked.Read(ref s_subscriptions);

    public static long Disconnected => Interlocked.Read(ref s_disconnected);

    public static IEnumerable<Measurement<long>> Dropped() =>
    [
        Measure(ref s_droppedOfDisconnected, "disconnect"),
        Measure(ref s_droppedOldest, "drop_oldest"),
        Measure(ref s_droppedNewest, "drop_newest"),
    ];

    public static void Began() => Interlocked.Increment(ref s_subscriptions);

    public static void Ended(int count) => Interlocked.Add(ref s_subscriptions, -count);

    public static void Disconnect(int dropped)
    {
        Interlocked.Increment(ref s_disconnected);
        Interlocked.Add(ref s_droppedOfDisconnected, dropped);
    }

    public static void DropOldest() => Interlocked.Increment(ref s_droppedOldest);

    public static void DropNewest() => Interlocked.Increment(ref s_droppedNewest);

    private static Measurement<long> Measure(ref long count, string policy) =>
        new(Interlocked.Read(ref count), new KeyValuePair<string, object?>("policy", policy));
}
