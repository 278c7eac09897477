using System.Runtime.CompilerServices;

namespace NetKit;

/// <summary>Rings by one timer of its clock, which is armed only while something is watched.</summary>
internal sealed class TimerScheduler : DeadlineScheduler
{
    private static readonly TimerScheduler[] s_system = CreateSystemShards();
    private static readonly ConditionalWeakTable<TimeProvider, TimerScheduler> s_others = [];
    private static uint s_nextShard;

    // TimeProvider's timers reach 49.7 days; a wheel further away than this is looked at once on the way.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(40);

    private ITimer? _timer; // guarded by the scheduler's lock

    private TimerScheduler(TimeProvider? timeProvider, long tickLength)
        : base(timeProvider, tickLength)
    {
    }

    /// <summary>Picks the scheduler for a clock; the system's clock has several, used in turn.</summary>
    public static new TimerScheduler For(TimeProvider? timeProvider)
    {
        if (timeProvider is null || ReferenceEquals(timeProvider, TimeProvider.System))
        {
            return s_system[Interlocked.Increment(ref s_nextShard) % (uint)s_system.Length];
        }

        return s_others.GetValue(timeProvider, static provider => new TimerScheduler(provider, tickLength: 1));
    }

    // A test's clock may ring right in here.
    protected override void Alarm(long tick)
    {
        var left = Math.Max((tick * TickLength) - MonotonicClock.Now(TimeProvider), 1);
        var wholeTicks = (left + TickLength - 1) / TickLength * TickLength;
        _timer ??= CreateTimer();
        _timer.Change(TimeSpan.FromTicks(Math.Min(wholeTicks, s_longestWait.Ticks)), Timeout.InfiniteTimeSpan);
    }

    private static TimerScheduler[] CreateSystemShards()
    {
        var shards = new TimerScheduler[Math.Min(Environment.ProcessorCount, 8)];
        for (var index = 0; index < shards.Length; index++)
        {
            shards[index] = new TimerScheduler(timeProvider: null, TimeSpan.TicksPerMillisecond);
        }

        return shards;
    }

    private ITimer CreateTimer()
    {
        // Whoever happens to set the first deadline must not lend its ambient state to every later timeout.
        using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
        {
            return (TimeProvider ?? TimeProvider.System).CreateTimer(
                static state => ((TimerScheduler)state!).RunDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
