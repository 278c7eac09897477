namespace NetKit;

/// <summary>What an item that is offered to a subscription leads to, beside its place in the queue.</summary>
internal enum OfferResult : byte
{
    Nothing = 0,

    /// <summary>The subscriber waited, and is to be woken.</summary>
    Wakes,

    /// <summary>The subscription is over, because its subscriber was too slow.</summary>
    Disconnects,
}
