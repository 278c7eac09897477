namespace NetKit.Benchmarks;

/// <summary>Ends the loops of one slice of time.</summary>
internal sealed class Stopper
{
    /// <summary>For loops that end by count: never stops.</summary>
    public static readonly Stopper Never = new();

    private volatile bool _stopped;

    public bool IsStopped => _stopped;

    public void Stop() => _stopped = true;
}
