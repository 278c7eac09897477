using System.Diagnostics;
using NetKit.Samples;

namespace NetKit.Benchmarks;

/// <summary>Gives items to thousands of subscribers: as fast as they take them, and at a fixed rate.</summary>
internal static class BroadcastRunner
{
    private const int TimedOneOf = 50; // looking at the clock for each would be most of the work

    private static readonly Func<BroadcastWay>[] s_ways = [static () => new BroadcasterWay(), static () => new ChannelBroadcastWay()];

    public static async Task RunAsync(Arguments arguments)
    {
        var subscribers = arguments.Number("subscribers", 5_000);
        await RunFastAsync(subscribers, arguments);
        await RunPacedAsync(subscribers, arguments.Number("rate", 1_000), TimeSpan.FromSeconds(arguments.Number("seconds", 10)), arguments);
    }

    private static async Task RunFastAsync(int subscribers, Arguments arguments)
    {
        var rounds = arguments.Number("rounds", 15);
        var length = TimeSpan.FromMilliseconds(300);
        var table = new ResultTable("broadcast", "Way", "Items at a time", "Deliveries/s", "vs Broadcaster (middle half)", "CPU ns a delivery", "Allocated B a delivery");
        foreach (var items in new[] { 1, 16 })
        {
            var audiences = s_ways.Select(way => new Audience(way(), subscribers, items)).ToArray();
            var slices = audiences.Select(static _ => new List<Slice>()).ToArray();
            for (var round = -1; round < rounds; round++)
            {
                for (var index = 0; index < audiences.Length; index++)
                {
                    var which = round % 2 == 0 ? index : audiences.Length - 1 - index;
                    var slice = await RunSliceAsync(audiences[which], length);
                    if (round >= 0)
                    {
                        slices[which].Add(slice);
                    }
                }
            }

            for (var index = 0; index < audiences.Length; index++)
            {
                table.Add(
                    audiences[index].Way.Name,
                    ResultTable.Number(items),
                    ResultTable.Number(Statistics.Median(slices[index].Select(static slice => slice.PerSecond))),
                    Slice.Ratio(slices[index], slices[0], static slice => slice.PerSecond),
                    ResultTable.Number(1000 * Statistics.Median(slices[index].Select(static slice => slice.CpuMicroseconds))),
                    ResultTable.Number(Statistics.Median(slices[index].Select(static slice => slice.Allocated)), "N2"));
                await audiences[index].EndAsync();
            }
        }

        table.Note(
            $"{subscribers:N0} subscribers, each a task that waits for items. So many items are published at a time, and then no more until all have them. Medians of {rounds} rounds of "
            + $"{length.TotalMilliseconds} ms, interleaved; ratios are taken within a round. A delivery is one item at one subscriber, and includes waking it; what is allocated is mostly the end of each turn, "
            + "which is the measuring loop's.");
        table.Save(arguments.Command("NetKit.Benchmarks"));
    }

    private static async Task<Slice> RunSliceAsync(Audience audience, TimeSpan length)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var watch = Stopwatch.StartNew();
        var deliveries = 0L;
        do
        {
            await audience.TakeAsync();
            deliveries += (long)audience.Subscribers * audience.Items;
        }
        while (watch.Elapsed < length);

        return new Slice(
            deliveries / watch.Elapsed.TotalSeconds,
            (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / deliveries,
            (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / deliveries,
            SystemCalls: null);
    }

    private static async Task RunPacedAsync(int subscribers, int rate, TimeSpan length, Arguments arguments)
    {
        var table = new ResultTable("broadcast-paced", "Way", "Items/s", "Deliveries/s", "p50 ms", "p99 ms", "max ms", "Dropped", "CPU", "Managed memory at most, MB");
        foreach (var way in s_ways)
        {
            GC.Collect();
            var audience = new Audience(way(), subscribers, int.MaxValue);
            await PublishAsync(audience, rate, TimeSpan.FromSeconds(2)); // warm
            var before = audience.Heard;
            var cpu = Environment.CpuUsage.TotalTime;
            var watch = Stopwatch.StartNew();
            audience.ForgetLateness();
            var (published, most) = await PublishAsync(audience, rate, length);
            var elapsed = watch.Elapsed;
            var share = (Environment.CpuUsage.TotalTime - cpu) / elapsed;
            await audience.EndAsync();
            var late = audience.Late;
            table.Add(
                audience.Way.Name,
                ResultTable.Number(published / elapsed.TotalSeconds),
                ResultTable.Number((audience.Heard - before) / elapsed.TotalSeconds),
                ResultTable.Number(late.Percentile(50).TotalMilliseconds, "N1"),
                ResultTable.Number(late.Percentile(99).TotalMilliseconds, "N1"),
                ResultTable.Number(late.Percentile(100).TotalMilliseconds, "N1"),
                ResultTable.Number(audience.Way.Dropped),
                $"{ResultTable.Number(share, "N2")} cores",
                ResultTable.Number(most / 1e6, "N1"));
        }

        table.Note(
            $"{subscribers:N0} subscribers, {rate:N0} items a second for {length.TotalSeconds} s. Latency counts from when an item was due to when a subscriber has it, at one of {TimedOneOf} subscribers; "
            + "the publisher, on a thread of its own, and all subscribers share the cores.");
        table.Save(arguments.Command("NetKit.Benchmarks"));
    }

    /// <summary>Publishes on a thread of its own, when each is due: never early, and what is late is made up for.</summary>
    private static async Task<(long Published, long Most)> PublishAsync(Audience audience, int rate, TimeSpan length)
    {
        var most = 0L;
        var total = (long)(rate * length.TotalSeconds);
        await Task.Factory.StartNew(
            () =>
            {
                var start = Stopwatch.GetTimestamp();
                for (var item = 0L; item < total; item++)
                {
                    var due = start + (item * Stopwatch.Frequency / rate);
                    for (var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due); left > TimeSpan.Zero; left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due))
                    {
                        Thread.Sleep(left);
                    }

                    audience.Way.Publish(due);
                    most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false));
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        return (total, most);
    }

    /// <summary>The subscribers of one way.</summary>
    private sealed class Audience
    {
        private readonly BroadcastListener.Burst _burst;
        private readonly BroadcastListener[] _listeners;
        private readonly Task[] _reading;

        public Audience(BroadcastWay way, int subscribers, int items)
        {
            Way = way;
            _burst = new BroadcastListener.Burst(subscribers, items);
            _listeners = [.. Enumerable.Range(0, subscribers).Select(index => new BroadcastListener(_burst, items == int.MaxValue && index % TimedOneOf == 0))];
            _reading = [.. _listeners.Select(way.SubscribeAsync)];
        }

        public BroadcastWay Way { get; }

        public int Subscribers => _listeners.Length;

        public int Items => _burst.Length;

        public long Heard => _listeners.Sum(static listener => listener.Total);

        public LatencyHistogram Late => LatencyHistogram.Sum(_listeners.Select(static listener => listener.Late).OfType<LatencyHistogram>());

        public void ForgetLateness() => Array.ForEach(_listeners, static listener => listener.ForgetLateness());

        public async Task TakeAsync()
        {
            var done = _burst.Begin();
            for (var item = 0; item < Items; item++)
            {
                Way.Publish(item);
            }

            await done;
        }

        public async Task EndAsync()
        {
            Way.Dispose();
            await Task.WhenAll(_reading);
        }
    }
}
