namespace NetKit;

/// <summary>Waits for a descriptor.</summary>
/// <remarks>As a work item it looks at both directions again, without an event.</remarks>
internal interface IPollable : IThreadPoolWorkItem
{
    /// <summary>Is called once for each wait: there may be something to receive.</summary>
    void OnReadable();

    /// <summary>Is called once for each wait: there may be room to send.</summary>
    /// <param name="inline">Whether the awaiting code may run on this thread, before this returns.</param>
    void OnWritable(bool inline);
}
