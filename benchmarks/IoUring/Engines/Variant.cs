namespace NetKit.Benchmarks;

/// <summary>One way to build the engine. All but the names is as simple as it can be unless said otherwise.</summary>
/// <param name="Key">Its name on the command line.</param>
/// <param name="Title">Its name in the tables.</param>
internal sealed record Variant(string Key, string Title)
{
    public const SetupFlags Deferred =
        SetupFlags.SubmitAll | SetupFlags.CooperativeTasks | SetupFlags.SingleIssuer | SetupFlags.DeferTasks;

    public bool IsRing { get; init; } = true;

    public SetupFlags Setup { get; init; } = Deferred;

    public bool RegisteredRing { get; init; }

    /// <summary>Lets the wait for completions not count as one for a disk, which the kernel keeps books of.</summary>
    public bool NoDiskWait { get; init; }

    /// <summary>Keeps accepted sockets in the ring's own table, without descriptors.</summary>
    public bool FixedFiles { get; init; }

    public bool AcceptMultishot { get; init; }

    public ReceiveWay Receive { get; init; }

    public SendWay Send { get; init; }

    /// <summary>Gives the handlers buffers that the collector never moves, so that pinning them is free.</summary>
    public bool PinnedBuffers { get; init; }

    /// <summary>How long the kernel polls network devices before it sleeps.</summary>
    public int DevicePollingMicroseconds { get; init; }

    /// <summary>How long the loop looks for work before it sleeps.</summary>
    public int SpinMicroseconds { get; init; }

    /// <summary>How many buffers the kernel has to choose from, for the ways of receiving that need them. A power of 2.</summary>
    public int Buffers { get; init; } = 64;

    public int BufferSize { get; init; } = 16 * 1024;

    /// <summary>Whether handlers work on the kernel's choice of buffer, not on one of their own.</summary>
    public bool Lends => Receive is ReceiveWay.Lend or ReceiveWay.LendBundled;

    public bool NeedsBuffers => Lends || Receive == ReceiveWay.Multishot;
}
