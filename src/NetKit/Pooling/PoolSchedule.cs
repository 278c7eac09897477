namespace NetKit;

/// <summary>Marks the places where it matters whether another thread comes between. Tests that explore schedules are compiled with a body for it; here it is nothing.</summary>
internal static partial class PoolSchedule
{
    /// <summary>Another thread may come between what is before and what is after. Never called under a lock.</summary>
    public static void Point() => OnPoint();

    static partial void OnPoint();
}
