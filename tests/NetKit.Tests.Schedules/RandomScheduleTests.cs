using System.Globalization;

namespace NetKit.Tests.Schedules;

/// <summary>Lets three users do anything in any schedule. NETKIT_POOL_SCHEDULES sets how many, NETKIT_POOL_SEED where they begin; a failure names its seed.</summary>
public sealed class RandomScheduleTests
{
    private static readonly int s_schedules = Setting("NETKIT_POOL_SCHEDULES", 2_000);
    private static readonly int s_firstSeed = Setting("NETKIT_POOL_SEED", 0);

    [Fact]
    public void In_any_schedule_every_caller_is_answered_no_connection_is_in_two_hands_and_all_are_closed()
    {
        for (var seed = s_firstSeed; seed < s_firstSeed + s_schedules; seed++)
        {
            var life = new RandomLife(seed);
            try
            {
                Schedule.Run(seed, life.Prepare, life.Check);
            }
            catch (ScheduleViolationException violation)
            {
                throw new ScheduleViolationException($"{violation.Message}: {life}", violation);
            }
        }
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
}
