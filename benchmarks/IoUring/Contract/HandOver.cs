using System.Diagnostics;

namespace NetKit.Benchmarks;

/// <summary>Lets a loop's thread compute as a handler might, and another one wait on the same ring meanwhile.</summary>
internal static unsafe class HandOver
{
    private const int Repeats = 15;

    private static readonly TimeSpan s_computing = TimeSpan.FromMilliseconds(100);

    public static string Try() =>
        $"While a handler computes for {s_computing.TotalMilliseconds:0} ms a byte comes. A thread that waits on the ring in its loop's place sees it "
        + $"{See(SetupFlags.None)} if that was set up without flags, {See(SetupFlags.CooperativeTasks)} with COOP_TASKRUN, "
        + $"{See(Variant.Deferred)} with SINGLE_ISSUER and DEFER_TASKRUN. Of {Repeats} times each, the median and the longest.";

    private static string See(SetupFlags flags)
    {
        var times = Enumerable.Range(0, Repeats).Select(_ => TimeUntilSeen(flags)).ToArray();
        return times.All(static time => time is null) ? "never (EEXIST)"
            : $"after {Statistics.Median(times.Select(static time => time!.Value.TotalMilliseconds)):N2} ms (at most {times.Max()!.Value.TotalMilliseconds:N2})";
    }

    private static TimeSpan? TimeUntilSeen(SetupFlags flags)
    {
        var armed = new TaskCompletionSource<RingTrial>();
        var handler = new Thread(() => Handle(flags, armed));
        handler.Start();
        using var trial = armed.Task.Result;
        Thread.Sleep(20);
        var sent = Stopwatch.GetTimestamp();
        trial.Client.Send([1]);
        int result;
        do
        {
            result = RingCalls.Enter(trial.Ring.Descriptor, 0, 1, EnterFlags.GetEvents);
        }
        while (result == -Errno.Interrupted);
        var seen = Stopwatch.GetElapsedTime(sent);
        handler.Join();
        return result switch
        {
            >= 0 => seen,
            -Errno.Exists => null,
            _ => throw Errno.ToException("io_uring_enter", -result),
        };
    }

    private static void Handle(SetupFlags flags, TaskCompletionSource<RingTrial> armed)
    {
        var buffer = stackalloc byte[1];
        var trial = new RingTrial(flags);
        trial.PrepareReceive(buffer, 1, 1);
        trial.Ring.Enter(0);
        armed.SetResult(trial);
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < s_computing;)
        {
        }

        // The buffer is on this thread's stack: the receive ends before it does.
        _ = trial.Ring.Take();
    }
}
