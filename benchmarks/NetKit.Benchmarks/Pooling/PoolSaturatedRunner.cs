using System.Diagnostics;

namespace NetKit.Benchmarks;

/// <summary>A thousand callers on ten connections, each exchange a millisecond: how much of the connections' time is used, and how fairly callers wait.</summary>
internal static class PoolSaturatedRunner
{
    private const int Connections = 10;
    private const int Callers = 1_000;
    private static readonly TimeSpan s_work = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(500);

    public static async Task RunAsync(Arguments arguments)
    {
        var rounds = arguments.Number("rounds", 9);
        var length = TimeSpan.FromSeconds(arguments.Number("seconds", 2));
        var idealRate = Connections / s_work.TotalSeconds;
        var idealWait = s_work * ((double)(Callers - Connections) / Connections);
        var cases = new Case[]
        {
            new("No pool: ten callers, ten connections", clock => MeasureAsync(new Unlimited(), Connections, clock, length)),
            new("The same, with a hop to the thread pool", clock => MeasureAsync(new Hop(), Connections, clock, length)),
            new("ConnectionPool", clock => MeasureAsync(new NetKitPoolWay(Connections), Callers, clock, length)),
            new("SemaphoreSlim and ConcurrentQueue", clock => MeasureAsync(new SemaphorePoolWay(Connections), Callers, clock, length)),
            new("Channel", clock => MeasureAsync(new ChannelPoolWay(Connections), Callers, clock, length)),
        };
        for (var round = 0; round < rounds; round++)
        {
            foreach (var one in round % 2 == 0 ? cases : cases.Reverse())
            {
                using var clock = new WorkClock(s_work);
                one.Results.Add(await one.MeasureAsync(clock));
            }

            Console.Error.Write($"\rpool-saturated: round {round + 1} of {rounds}   ");
        }

        Console.Error.WriteLine();
        var table = new ResultTable("pool-saturated", "Way", "Exchanges/s", "of ideal (middle half)", "of the hop's (middle half)", "p99 wait ms", "vs ideal (middle half)", "Longest wait ms", "Allocated B");
        foreach (var one in cases)
        {
            var waits = one.Results[0].Longest > idealWait / 2;
            table.Add(
                one.Name,
                ResultTable.Number(Statistics.Median(one.Results.Select(static result => result.Rate))),
                Share(one.Results.Select(result => result.Rate / idealRate), 3),
                Share(one.Results.Zip(cases[1].Results, static (own, hop) => own.Rate / hop.Rate), 3),
                waits ? ResultTable.Number(Statistics.Median(one.Results.Select(static result => result.P99.TotalMilliseconds)), "N1") : "",
                waits ? Share(one.Results.Select(result => result.P99 / idealWait), 3) : "",
                waits ? ResultTable.Number(Statistics.Median(one.Results.Select(static result => result.Longest.TotalMilliseconds)), "N1") : "",
                ResultTable.Number(Statistics.Median(one.Results.Select(static result => result.Allocated)), "N1"));
        }

        table.Note(
            $"{Callers:N0} callers, {Connections} connections in memory, {s_work.TotalMilliseconds} ms of work for each exchange; ideal are {idealRate:N0} exchanges/s, "
            + $"and a wait of {idealWait.TotalMilliseconds} ms for everybody. Medians of {rounds} rounds of {length.TotalSeconds} s, interleaved. One core does nothing but end "
            + "the work in time, and begins none; all callers run on what is left. So whoever hands a connection to a caller that waits lets it go on elsewhere: the hop, which is what "
            + "the second row has and a pool of no cost would have. Allocated is per exchange.");
        table.Save(arguments.Command("NetKit.Benchmarks"));
    }

    private static string Share(IEnumerable<double> values, int digits)
    {
        var all = values.ToArray();
        var (low, high) = Statistics.MiddleHalf(all);
        var format = $"N{digits}";
        return $"{ResultTable.Number(Statistics.Median(all), format)} ({ResultTable.Number(low, format)}-{ResultTable.Number(high, format)})";
    }

    private static async Task<Result> MeasureAsync<TLease>(PoolWay<TLease> way, int callers, WorkClock clock, TimeSpan length)
    {
        await using (way)
        {
            await way.OpenAsync();
            var start = Stopwatch.GetTimestamp() + Ticks(s_warmUp);
            var end = start + Ticks(length);
            var capacity = (int)(length / s_work * Connections / callers * 2) + 100;
            var waits = Enumerable.Range(0, callers).Select(_ => new List<long>(capacity)).ToArray();
            var before = 0L;
            using var started = new Timer(_ => before = GC.GetTotalAllocatedBytes(), null, s_warmUp, Timeout.InfiniteTimeSpan);
            await Task.WhenAll(waits.Select(own => Task.Run(() => CallAsync(way, clock, start, end, own))));

            // The last caller ended on the clock's thread, which has to go on.
            await Task.Yield();
            var allocated = GC.GetTotalAllocatedBytes() - before;
            var all = waits.SelectMany(static own => own).Order().ToArray();
            return new Result(
                all.Length / length.TotalSeconds,
                Stopwatch.GetElapsedTime(0, all[(int)(all.Length * 0.99)]),
                Stopwatch.GetElapsedTime(0, all[^1]),
                (double)allocated / all.Length);
        }
    }

    private static async Task CallAsync<TLease>(PoolWay<TLease> way, WorkClock clock, long start, long end, List<long> waits)
    {
        var work = new WorkClock.Work();
        while (true)
        {
            var asked = Stopwatch.GetTimestamp();
            var lease = await way.AcquireAsync(CancellationToken.None).ConfigureAwait(false);
            var got = Stopwatch.GetTimestamp();
            await clock.Start(work).ConfigureAwait(false);
            way.Return(lease);
            var done = Stopwatch.GetTimestamp();
            if (done >= end)
            {
                return;
            }

            if (done >= start)
            {
                waits.Add(got - asked);
            }
        }
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private sealed record Case(string Name, Func<WorkClock, Task<Result>> MeasureAsync)
    {
        public List<Result> Results { get; } = [];
    }

    private sealed record Result(double Rate, TimeSpan P99, TimeSpan Longest, double Allocated);

    /// <summary>What the machine can do without any pool.</summary>
    private class Unlimited : PoolWay<bool>
    {
        public override Task OpenAsync() => Task.CompletedTask;

        public override ValueTask<bool> AcquireAsync(CancellationToken cancellationToken) => new(true);

        public override void Return(bool lease)
        {
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>What it can do if each exchange begins on another thread than the last has ended on.</summary>
    private sealed class Hop : Unlimited
    {
        public override async ValueTask<bool> AcquireAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            return true;
        }
    }
}
