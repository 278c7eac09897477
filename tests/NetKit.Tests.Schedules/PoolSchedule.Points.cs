namespace NetKit;

/// <summary>Gives the library's marked points their meaning: the explored schedule may let another thread go on.</summary>
internal static partial class PoolSchedule
{
    static partial void OnPoint() => Tests.Schedules.Schedule.Point();
}
