namespace NetKit;

/// <summary>Says what becomes of a subscriber that does not keep up, once its queue is full.</summary>
public enum SlowConsumerPolicy
{
    /// <summary>Ends the subscription and drops what it held. The subscriber learns it by a <see cref="SlowConsumerException"/>.</summary>
    Disconnect = 0,

    /// <summary>Drops the oldest item of the queue for the new one: the subscriber sees the latest, with gaps.</summary>
    DropOldest,

    /// <summary>Drops the new item: the subscriber sees what it holds first, then a gap.</summary>
    DropNewest,
}
