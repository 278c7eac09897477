namespace NetKit;

/// <summary>Names an instant on a monotonic clock by which something must be done.</summary>
/// <remarks>
/// <para>The default value is <see cref="None"/>: no deadline. A duration becomes an instant once, at the edge, and the
/// instant is passed down; so no nested wait ever restarts the clock.</para>
/// <para>A deadline remembers the <see cref="TimeProvider"/> it was made on and is judged by that clock alone. Steps of
/// the wall clock do not move it.</para>
/// <para>An immutable value: safe to use from any thread.</para>
/// </remarks>
public readonly struct Deadline : IEquatable<Deadline>
{
    // 0 is None. An instant is never 0: see FromTicks.
    private readonly long _ticks;
    private readonly TimeProvider? _timeProvider;

    private Deadline(long ticks, TimeProvider? timeProvider)
    {
        _ticks = ticks;
        _timeProvider = timeProvider;
    }

    /// <summary>Stands for no deadline: never passes. It is the default value.</summary>
    public static Deadline None => default;

    /// <summary>Tells whether this is <see cref="None"/>.</summary>
    public bool IsNone => _ticks == 0;

    /// <summary>Tells whether the instant has been reached. <see cref="None"/> never is.</summary>
    public bool HasPassed => _ticks != 0 && MonotonicClock.HasReached(_timeProvider, _ticks);

    /// <summary>Measures the time left: zero once passed, <see cref="TimeSpan.MaxValue"/> for <see cref="None"/>.</summary>
    public TimeSpan Remaining => _ticks == 0
        ? TimeSpan.MaxValue
        : TimeSpan.FromTicks(Math.Max(0, _ticks - MonotonicClock.Now(_timeProvider)));

    /// <summary>The instant in 100 ns ticks of <see cref="TimeProvider"/>'s monotonic clock; <see cref="long.MaxValue"/> for none.</summary>
    internal long Instant => _ticks == 0 ? long.MaxValue : _ticks;

    /// <summary>The clock that judges this deadline; null is the system's.</summary>
    internal TimeProvider? TimeProvider => _timeProvider;

    /// <summary>The time left as a wait takes it: infinite for <see cref="None"/>, and never beyond what timers reach.</summary>
    internal TimeSpan Patience
    {
        get
        {
            // .NET's timers count milliseconds in 32 bits.
            var longest = TimeSpan.FromDays(40);
            var left = Remaining;
            return IsNone ? Timeout.InfiniteTimeSpan : left < longest ? left : longest;
        }
    }

    /// <summary>Makes the deadline that lies <paramref name="timeout"/> from now.</summary>
    /// <param name="timeout">
    /// The time from now. Zero or negative: a deadline that has passed already. <see cref="Timeout.InfiniteTimeSpan"/>:
    /// <see cref="None"/>. A value too large for the clock is clamped to the far future, never wrapped into the past.
    /// </param>
    /// <param name="timeProvider">The clock to measure on. Default (null): the system's monotonic clock.</param>
    /// <remarks>
    /// Never early: the deadline never passes before <paramref name="timeout"/> has fully gone by. On Linux a timeout of a
    /// second or more is lengthened by some 20 ms, which allows it to be made from the kernel's coarse clock, in a few
    /// nanoseconds; shorter ones are exact.
    /// </remarks>
    public static Deadline After(TimeSpan timeout, TimeProvider? timeProvider = null)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            return None;
        }

        var clock = ReferenceEquals(timeProvider, TimeProvider.System) ? null : timeProvider;
        return FromTicks(MonotonicClock.After(clock, timeout.Ticks), clock);
    }

    /// <summary>Picks the deadline that passes first. <see cref="None"/> counts as last.</summary>
    /// <param name="left">One deadline.</param>
    /// <param name="right">The other deadline.</param>
    /// <remarks>Deadlines of two different clocks are compared by the time each has left now.</remarks>
    public static Deadline Earliest(Deadline left, Deadline right)
    {
        if (left.IsNone || right.IsNone)
        {
            return left.IsNone ? right : left;
        }

        var leftFirst = ReferenceEquals(left._timeProvider, right._timeProvider)
            ? left._ticks <= right._ticks
            : left.Remaining <= right.Remaining;
        return leftFirst ? left : right;
    }

    /// <summary>Makes the deadline at an instant of the given clock; <see cref="long.MaxValue"/> gives <see cref="None"/>.</summary>
    internal static Deadline FromInstant(long instant, TimeProvider? timeProvider) =>
        instant == long.MaxValue ? None : FromTicks(instant, timeProvider);

    // A clock may stand at 0, which is taken. A tick late is allowed, a tick early is not.
    private static Deadline FromTicks(long ticks, TimeProvider? timeProvider) => new(ticks == 0 ? 1 : ticks, timeProvider);

    /// <summary>Tells whether both name the same instant of the same clock.</summary>
    /// <param name="other">The other deadline.</param>
    public bool Equals(Deadline other) => _ticks == other._ticks && ReferenceEquals(_timeProvider, other._timeProvider);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Deadline other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_ticks, _timeProvider);

    /// <summary>Tells whether both name the same instant of the same clock.</summary>
    /// <param name="left">One deadline.</param>
    /// <param name="right">The other deadline.</param>
    public static bool operator ==(Deadline left, Deadline right) => left.Equals(right);

    /// <summary>Tells whether the two differ in instant or clock.</summary>
    /// <param name="left">One deadline.</param>
    /// <param name="right">The other deadline.</param>
    public static bool operator !=(Deadline left, Deadline right) => !left.Equals(right);

    /// <summary>Describes the time left, such as "in 2.5 s", "passed" or "none".</summary>
    public override string ToString()
    {
        if (IsNone)
        {
            return "none";
        }

        return HasPassed ? "passed" : string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"in {Remaining.TotalSeconds:0.###} s");
    }
}
