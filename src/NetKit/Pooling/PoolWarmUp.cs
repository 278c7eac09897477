namespace NetKit;

/// <summary>Somebody who wants a number of connections to be open.</summary>
internal abstract class PoolWarmUp : PoolNode
{
    /// <summary>How many connections there shall be, idle and leased ones together.</summary>
    public int Target;
    public PoolWaiterState State;

    /// <summary>Why the endpoint is down, if that ended it.</summary>
    public Exception? Cause;

    /// <summary>The next of the warm-ups that one event settled.</summary>
    public PoolWarmUp? NextSettled;
}
