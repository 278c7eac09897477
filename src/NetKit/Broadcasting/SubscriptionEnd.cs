namespace NetKit;

/// <summary>How a subscription ended.</summary>
internal enum SubscriptionEnd : byte
{
    NotYet = 0,

    /// <summary>The broadcaster was disposed. What is in the queue can still be read.</summary>
    Completed,

    /// <summary>The subscriber was too slow.</summary>
    Disconnected,

    /// <summary>The subscriber disposed it.</summary>
    Disposed,
}
