namespace NetKit;

/// <summary>Waits for a descriptor in one direction.</summary>
/// <remarks>As a work item it looks at the descriptor again, without an event.</remarks>
internal interface IPollable : IThreadPoolWorkItem
{
    /// <summary>What waits, to be looked at only; null when nothing does.</summary>
    object? Waiting { get; }

    /// <summary>Is called when the descriptor may be ready; false when nobody waits for that.</summary>
    /// <param name="isHandedOver">Whether this very call is what says so; else the descriptor's readiness does.</param>
    /// <param name="inline">Whether the awaiting code may run on this thread, before this returns.</param>
    bool OnReady(bool isHandedOver, bool inline);
}
