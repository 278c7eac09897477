using System.Diagnostics;
using System.Reflection;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Runs a class of BenchmarkDotNet benchmarks in short slices, in turn: ratios hold on a machine that is noisy for seconds.</summary>
internal static class InterleavedRunner
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(10);

    /// <param name="name">The table's name.</param>
    /// <param name="arguments">The number of rounds, if it was given.</param>
    /// <param name="showDifference">Whether the table has columns for the time and allocation above the baseline.</param>
    public static void Run<T>(string name, Arguments arguments, bool showDifference = false)
        where T : IDisposable, new()
    {
        var rounds = arguments.Number("rounds", 51);
        using var subject = new T();
        var cases = typeof(T).GetMethods()
            .Where(static method => method.IsDefined(typeof(BenchmarkAttribute)))
            .Select(method => new Case(subject, method))
            .ToArray();
        foreach (var one in cases)
        {
            one.Run(s_warmUp, keep: false);
        }

        for (var round = 0; round < rounds; round++)
        {
            foreach (var one in round % 2 == 0 ? cases : cases.Reverse())
            {
                one.Run(s_slice, keep: true);
            }

            Console.Error.Write($"\r{name}: round {round + 1} of {rounds}   ");
        }

        Console.Error.WriteLine();
        var baseline = cases.Single(static one => one.IsBaseline);
        string[] columns = ["Method", "Median ns", "Fastest ns", $"vs {baseline.Name} (middle half)", "Allocated B"];
        var table = new ResultTable(name, showDifference ? [.. columns, "ns above (middle half)", "B above"] : columns);
        foreach (var one in cases)
        {
            var ratios = one.Nanoseconds.Zip(baseline.Nanoseconds, static (own, other) => own / other).ToArray();
            var (low, high) = Statistics.MiddleHalf(ratios);
            string[] cells =
            [
                one.Name,
                ResultTable.Number(Statistics.Median(one.Nanoseconds), "N1"),
                ResultTable.Number(one.Nanoseconds.Min(), "N1"),
                one.IsBaseline ? "1" : $"{ResultTable.Number(Statistics.Median(ratios), "N2")} ({ResultTable.Number(low, "N2")}-{ResultTable.Number(high, "N2")})",
                ResultTable.Number(one.Allocated, "N1"),
            ];
            table.Add(showDifference ? [.. cells, .. Difference(one, baseline)] : cells);
        }

        table.Note($"Medians of {rounds} rounds of {s_slice.TotalMilliseconds:0} ms each, interleaved; ratios of time are taken within a round. An allocation of 0.1 or 0.2 B is the task of the measuring loop itself.");
        table.Save(arguments.Command("NetKit.Benchmarks"));
    }

    private static string[] Difference(Case one, Case baseline)
    {
        if (one.IsBaseline)
        {
            return ["", ""];
        }

        var above = one.Nanoseconds.Zip(baseline.Nanoseconds, static (own, other) => own - other).ToArray();
        var (low, high) = Statistics.MiddleHalf(above);
        return
        [
            $"{ResultTable.Number(Statistics.Median(above))} ({ResultTable.Number(low)} to {ResultTable.Number(high)})",
            ResultTable.Number(one.Allocated - baseline.Allocated),
        ];
    }

    private sealed class Case
    {
        private readonly Action _invoke;
        private readonly int _operations;

        public Case(object subject, MethodInfo method)
        {
            var attribute = method.GetCustomAttribute<BenchmarkAttribute>()!;
            Name = method.Name;
            IsBaseline = attribute.Baseline;
            _operations = attribute.OperationsPerInvoke;
            _invoke = Invocation(subject, method);
        }

        public string Name { get; }

        public bool IsBaseline { get; }

        public List<double> Nanoseconds { get; } = [];

        public double Allocated { get; private set; }

        public void Run(TimeSpan length, bool keep)
        {
            var operations = 0L;
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            var watch = Stopwatch.StartNew();
            do
            {
                _invoke();
                operations += _operations;
            }
            while (watch.Elapsed < length);

            var elapsed = watch.Elapsed;
            allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
            if (keep)
            {
                Nanoseconds.Add(elapsed.TotalNanoseconds / operations);
                Allocated = (double)allocated / operations;
            }
        }

        private static Action Invocation(object subject, MethodInfo method)
        {
            if (method.ReturnType == typeof(Task<int>))
            {
                var start = method.CreateDelegate<Func<Task<int>>>(subject);
                return () => start().GetAwaiter().GetResult();
            }

            if (method.ReturnType == typeof(long))
            {
                var run = method.CreateDelegate<Func<long>>(subject);
                return () => run();
            }

            if (method.ReturnType == typeof(bool))
            {
                var run = method.CreateDelegate<Func<bool>>(subject);
                return () => run();
            }

            return method.CreateDelegate<Action>(subject);
        }
    }
}
