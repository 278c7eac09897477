namespace NetKit.Tests;

/// <summary>A clock with any frequency and any zero, where <c>FakeTimeProvider</c> has its own.</summary>
internal sealed class ManualClock(long timestamp, long frequency = TimeSpan.TicksPerSecond) : TimeProvider
{
    public long Timestamp { get; set; } = timestamp;

    public override long TimestampFrequency { get; } = frequency;

    public override long GetTimestamp() => Timestamp;
}
