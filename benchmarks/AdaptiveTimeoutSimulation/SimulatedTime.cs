namespace NetKit.Simulation;

/// <summary>A clock that stands where the simulation says. Seconds since its beginning.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    public double Now { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => (long)(Now * TimeSpan.TicksPerSecond);
}
