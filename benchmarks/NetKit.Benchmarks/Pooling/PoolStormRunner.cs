using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Benchmarks;

/// <summary>Ten thousand callers whose wait ends at one moment: how long until the last of them is told, and what one cancel costs.</summary>
internal static class PoolStormRunner
{
    private const int Waiters = 10_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(Arguments arguments)
    {
        var rounds = arguments.Number("rounds", 31);
        var expiries = new Case[]
        {
            new("ConnectionPool, AcquireTimeout", ExpireAsync),
            new("ConnectionPool, one token", () => CancelTogetherAsync(new NetKitPoolWay(1))),
            new("SemaphoreSlim, WaitAsync(timeout)", ExpireSemaphoreAsync),
            new("SemaphoreSlim and ConcurrentQueue, one token", () => CancelTogetherAsync(new SemaphorePoolWay(1))),
            new("Channel, one token", () => CancelTogetherAsync(new ChannelPoolWay(1))),
        };
        var cancels = new Case[]
        {
            new("Nobody: a token source with one callback", () => Task.FromResult(CancelNobody())),
            new("ConnectionPool", () => CancelEachAsync(new NetKitPoolWay(1))),
            new("SemaphoreSlim and ConcurrentQueue", () => CancelEachAsync(new SemaphorePoolWay(1))),
            new("Channel", () => CancelEachAsync(new ChannelPoolWay(1))),
        };
        await MeasureAsync("pool-storm", [.. expiries, .. cancels], rounds);

        var storm = new ResultTable("pool-storm", "Way", "Median ms", "Fastest ms", "Middle half");
        foreach (var one in expiries)
        {
            var (low, high) = Statistics.MiddleHalf(one.Nanoseconds.Select(static time => time / 1e6));
            storm.Add(
                one.Name,
                ResultTable.Number(Statistics.Median(one.Nanoseconds) / 1e6, "N2"),
                ResultTable.Number(one.Nanoseconds.Min() / 1e6, "N2"),
                $"{ResultTable.Number(low, "N2")}-{ResultTable.Number(high, "N2")}");
        }

        storm.Note(
            $"{Waiters:N0} callers wait for one connection; from the moment that ends their wait until the code of the last of them runs in the thread pool. That they then "
            + $"learn of it by an exception is the caller's affair, and not in here. Medians of {rounds} rounds, interleaved.");
        storm.Save(arguments.Command("NetKit.Benchmarks"));

        var cancel = new ResultTable("pool-cancel", "Way", "Median ns", "Fastest ns", "ns above nobody (middle half)");
        foreach (var one in cancels)
        {
            var above = one.Nanoseconds.Zip(cancels[0].Nanoseconds, static (own, other) => (own - other) / Waiters).ToArray();
            var (low, high) = Statistics.MiddleHalf(above);
            cancel.Add(
                one.Name,
                ResultTable.Number(Statistics.Median(one.Nanoseconds) / Waiters, "N1"),
                ResultTable.Number(one.Nanoseconds.Min() / Waiters, "N1"),
                one == cancels[0] ? "" : $"{ResultTable.Number(Statistics.Median(above))} ({ResultTable.Number(low)} to {ResultTable.Number(high)})");
        }

        cancel.Note(
            $"{Waiters:N0} callers wait for one connection, each with a token of its own, which are cancelled one after the other, in random order; per cancel. Medians of {rounds} rounds, interleaved; "
            + "differences are taken within a round.");
        cancel.Save(arguments.Command("NetKit.Benchmarks"));
    }

    private static async Task MeasureAsync(string name, Case[] cases, int rounds)
    {
        for (var round = -3; round < rounds; round++)
        {
            foreach (var one in round % 2 == 0 ? cases : cases.Reverse())
            {
                // What earlier rounds left behind is not this one's.
                GC.Collect();
                var elapsed = await one.MeasureAsync();
                if (round >= 0)
                {
                    one.Nanoseconds.Add(elapsed.TotalNanoseconds);
                }
            }

            Console.Error.Write($"\r{name}: round {round + 1} of {rounds}   ");
        }

        Console.Error.WriteLine();
    }

    private static async Task<TimeSpan> ExpireAsync()
    {
        var clock = new FakeTimeProvider();
        await using var way = new NetKitPoolWay(1, s_patience, clock);
        await way.OpenAsync();
        var lease = await way.AcquireAsync(CancellationToken.None);
        var crowd = new Crowd<ConnectionLease>(way, CancellationToken.None);
        var start = Stopwatch.GetTimestamp();
        clock.Advance(s_patience + TimeSpan.FromMilliseconds(1));
        var elapsed = await crowd.UntilToldAsync(start);
        way.Return(lease);
        return elapsed;
    }

    private static async Task<TimeSpan> ExpireSemaphoreAsync()
    {
        await using var way = new SemaphorePoolWay(1);
        await way.OpenAsync();
        var lease = await way.AcquireAsync(CancellationToken.None);
        var crowd = new Crowd<bool>(() => new ValueTask<bool>(way.WaitAsync(s_patience)));
        var elapsed = await crowd.UntilToldAsync(Stopwatch.GetTimestamp() + (long)(s_patience.TotalSeconds * Stopwatch.Frequency));
        way.Return(lease);
        return elapsed;
    }

    private static async Task<TimeSpan> CancelTogetherAsync<TLease>(PoolWay<TLease> way)
    {
        await using (way)
        {
            await way.OpenAsync();
            var lease = await way.AcquireAsync(CancellationToken.None);
            using var source = new CancellationTokenSource();
            var crowd = new Crowd<TLease>(way, source.Token);
            var start = Stopwatch.GetTimestamp();
            await source.CancelAsync();
            var elapsed = await crowd.UntilToldAsync(start);
            way.Return(lease);
            return elapsed;
        }
    }

    private static async Task<TimeSpan> CancelEachAsync<TLease>(PoolWay<TLease> way)
    {
        await using (way)
        {
            await way.OpenAsync();
            var lease = await way.AcquireAsync(CancellationToken.None);
            var sources = Sources();
            var waiting = Array.ConvertAll(sources, source => way.AcquireAsync(source.Token));
            Random.Shared.Shuffle(sources);
            var elapsed = CancelAll(sources);
            foreach (var one in waiting)
            {
                await Ignoring(one);
            }

            way.Return(lease);
            return elapsed;
        }
    }

    private static TimeSpan CancelNobody()
    {
        var sources = Sources();
        foreach (var source in sources)
        {
            source.Token.UnsafeRegister(static _ => { }, null);
        }

        Random.Shared.Shuffle(sources);
        return CancelAll(sources);
    }

    private static CancellationTokenSource[] Sources() =>
        [.. Enumerable.Range(0, Waiters).Select(static _ => new CancellationTokenSource())];

    private static TimeSpan CancelAll(CancellationTokenSource[] sources)
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var source in sources)
        {
            source.Cancel();
        }

        return Stopwatch.GetElapsedTime(start);
    }

    private static async ValueTask Ignoring<T>(ValueTask<T> waiting)
    {
        try
        {
            await waiting;
            throw new InvalidOperationException("A wait that was to be cancelled got a connection.");
        }
        catch (OperationCanceledException)
        {
            // As it should be.
        }
    }

    private sealed record Case(string Name, Func<Task<TimeSpan>> MeasureAsync)
    {
        public List<double> Nanoseconds { get; } = [];
    }

    /// <summary>Callers that wait, and count when they are told.</summary>
    private sealed class Crowd<TLease>
    {
        private readonly TaskCompletionSource<long> _last = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = Waiters;

        public Crowd(PoolWay<TLease> way, CancellationToken cancellationToken)
            : this(() => way.AcquireAsync(cancellationToken))
        {
        }

        public Crowd(Func<ValueTask<TLease>> acquire)
        {
            var told = OnTold;
            for (var index = 0; index < Waiters; index++)
            {
                TellOf(acquire(), told);
            }
        }

        /// <summary>Waits until all are told, and says how long after the given moment that was.</summary>
        public async Task<TimeSpan> UntilToldAsync(long start) => Stopwatch.GetElapsedTime(start, await _last.Task);

        // The result stays where it is: to fetch it is to throw.
        private static void TellOf(ValueTask<TLease> waiting, Action told) => waiting.GetAwaiter().UnsafeOnCompleted(told);

        private void OnTold()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _last.SetResult(Stopwatch.GetTimestamp());
            }
        }
    }
}
