namespace NetKit;

/// <summary>Waits for a descriptor, in one direction or both.</summary>
/// <remarks>As a work item it looks at both directions again, without an event.</remarks>
internal interface IPollable : IThreadPoolWorkItem
{
    /// <summary>Tells whether anybody waits, in any direction.</summary>
    bool IsAwaited { get; }

    /// <summary>Is called when there may be something to receive; false when nobody waits for it.</summary>
    /// <param name="isHandedOver">Whether this very call is what says so; else the descriptor's readiness does.</param>
    bool OnReadable(bool isHandedOver);

    /// <summary>Is called when there may be room to send; false when nobody waits for it.</summary>
    /// <param name="inline">Whether the awaiting code may run on this thread, before this returns.</param>
    bool OnWritable(bool inline);
}
