using System.Diagnostics;

namespace NetKit.Tests.Stress;

/// <summary>A clock that stands still while the machine lets nobody run: who waits by it has waited for the engine, not for a core.</summary>
/// <remarks>
/// A thread that sleeps a little again and again. What it sleeps longer than asked is time in which no thread was sure to
/// run, and is not counted.
/// </remarks>
internal static class Heartbeat
{
    private static readonly TimeSpan s_beat = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_mostCounted = TimeSpan.FromMilliseconds(20);

    private static long s_now;
    private static long s_worst;

    /// <summary>Starts it.</summary>
    public static void Start() => new Thread(Beat) { IsBackground = true, Name = "heartbeat", Priority = ThreadPriority.AboveNormal }.Start();

    /// <summary>The time by this clock, since its start.</summary>
    public static TimeSpan Now => new(Volatile.Read(ref s_now));

    /// <summary>The longest that a sleep of a few milliseconds has taken.</summary>
    public static TimeSpan Worst => new(Volatile.Read(ref s_worst));

    private static void Beat()
    {
        var last = Stopwatch.GetTimestamp();
        while (true)
        {
            Thread.Sleep(s_beat);
            var now = Stopwatch.GetTimestamp();
            var passed = Stopwatch.GetElapsedTime(last, now);
            last = now;
            s_worst = Math.Max(s_worst, passed.Ticks);
            Volatile.Write(ref s_now, s_now + Math.Min(passed.Ticks, s_mostCounted.Ticks));
        }
    }
}
