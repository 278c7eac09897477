namespace NetKit;

/// <summary>Reports that a subscription was ended because its subscriber did not keep up.</summary>
/// <remarks>What the subscription still held is dropped. Subscribe again to go on with what is published then.</remarks>
public sealed class SlowConsumerException : Exception
{
    /// <summary>Describes a subscription that was ended.</summary>
    /// <param name="capacity">How many items its queue could hold.</param>
    public SlowConsumerException(int capacity)
        : base($"The subscriber did not keep up: {capacity} items waited for it when the next was published. " +
            "Read faster, or subscribe with a larger capacity or another policy.") => Capacity = capacity;

    /// <summary>Gives how many items the queue could hold.</summary>
    public int Capacity { get; }
}
