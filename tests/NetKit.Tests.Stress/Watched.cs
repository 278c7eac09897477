namespace NetKit.Tests.Stress;

/// <summary>Something that must go on, step by step.</summary>
internal abstract class Watched : IWatched
{
    private string? _step;
    private long _since;

    /// <summary>Begins a step that must be over soon; null: nothing has to happen now.</summary>
    protected void Step(string? step)
    {
        Volatile.Write(ref _since, Heartbeat.Now.Ticks);
        Volatile.Write(ref _step, step);
    }

    /// <inheritdoc/>
    public string? StuckAt(TimeSpan patience)
    {
        var step = Volatile.Read(ref _step);
        return step is not null && Heartbeat.Now.Ticks - Volatile.Read(ref _since) > patience.Ticks ? step : null;
    }
}
