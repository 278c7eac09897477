using System.Diagnostics;

namespace NetKit.Tests.Stress;

/// <summary>What a process did in a while in which it had nothing to do.</summary>
internal sealed class Rest
{
    // Looks up every ten seconds in any .NET process, also in one that does nothing else.
    private const string Finalizer = ".NET Finalizer";
    private const double FinalizerInterval = 10;

    private readonly Dictionary<string, long> _switches; // by thread, those that came off a core at all
    private readonly TimeSpan _cpuTime;
    private readonly TimeSpan _time;

    private Rest(Dictionary<string, long> switches, TimeSpan cpuTime, TimeSpan time)
    {
        _switches = switches;
        _cpuTime = cpuTime;
        _time = time;
    }

    /// <summary>Tells whether no thread has run, but for what runs in every .NET process.</summary>
    public bool IsPerfect => _cpuTime == TimeSpan.Zero && _switches.All(
        thread => thread.Key.StartsWith(Finalizer, StringComparison.Ordinal)
            && thread.Value <= Math.Ceiling(_time.TotalSeconds / FinalizerInterval));

    /// <summary>Watches a process, which is not this one, until a while was perfect; for so long at the most.</summary>
    public static async Task<Rest> AwaitPerfectAsync(ProcessState process, TimeSpan time, TimeSpan patience)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var rest = await ObserveAsync(process, time).ConfigureAwait(false);
            if (rest.IsPerfect || Stopwatch.GetElapsedTime(start) > patience)
            {
                return rest;
            }

            Console.WriteLine($"not at rest yet: {rest}");
        }
    }

    public override string ToString()
    {
        var woken = string.Join(", ", _switches
            .GroupBy(static thread => thread.Key[..thread.Key.LastIndexOf('(')])
            .Select(static threads => $"{threads.Count()} x {threads.Key}{threads.Sum(static thread => thread.Value)}"));
        return $"{_switches.Values.Sum() / _time.TotalSeconds:0.##} wake-ups a second ({(woken.Length > 0 ? woken : "none")}) "
            + $"and {_cpuTime.TotalMilliseconds:F0} ms of CPU in {_time.TotalSeconds:F1} s";
    }

    private static async Task<Rest> ObserveAsync(ProcessState process, TimeSpan time)
    {
        var before = process.Switches();
        var cpuBefore = process.CpuTime;
        var start = Stopwatch.GetTimestamp();
        await Task.Delay(time).ConfigureAwait(false);
        var passed = Stopwatch.GetElapsedTime(start);
        var cpuTime = process.CpuTime - cpuBefore;
        var after = process.Switches();
        var switches = new Dictionary<string, long>();
        foreach (var thread in before.Keys.Union(after.Keys))
        {
            // A thread that has ended has run once more for that.
            var count = after.TryGetValue(thread, out var now) ? now - before.GetValueOrDefault(thread) : 1;
            if (count > 0)
            {
                switches[thread] = count;
            }
        }

        return new Rest(switches, cpuTime, passed);
    }
}
