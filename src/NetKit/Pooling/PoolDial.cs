namespace NetKit;

/// <summary>A dial under way. It belongs to the pool: whoever waits first when it ends gets the connection.</summary>
internal class PoolDial : PoolNode
{
    public long StartedAt;
    public int Generation;

    /// <summary>Whether the pool has asked it to end.</summary>
    public bool IsCancelled;

    /// <summary>The next of the dials that one event started.</summary>
    public PoolDial? NextStarted;

    /// <summary>The next of the dials that one event cancelled; it may not have been started by then.</summary>
    public PoolDial? NextCancelled;
}
