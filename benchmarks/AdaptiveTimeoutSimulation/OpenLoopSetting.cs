namespace NetKit.Simulation;

/// <summary>The load and the faults of a run.</summary>
/// <param name="Length">How long requests come, in seconds.</param>
/// <param name="Rate">How many come each second.</param>
/// <param name="Loss">The part of the attempts that never complete.</param>
internal sealed record OpenLoopSetting(double Length, double Rate, double Loss)
{
    /// <summary>When everything sent is lost, in seconds.</summary>
    public (double From, double To)? Hole { get; init; }

    public bool IsHole(double now) => Hole is { } hole && now >= hole.From && now < hole.To;
}
