namespace NetKit.Benchmarks;

/// <summary>What this kernel, and whoever rules over this process, allow of io_uring; asked once, by trying.</summary>
internal sealed unsafe class RingFeatures
{
    private const uint BundleFeature = 1 << 14; // IORING_FEAT_RECVSEND_BUNDLE
    private const uint NoDiskWaitFeature = 1 << 17; // IORING_FEAT_NO_IOWAIT

    private RingFeatures(string? refusal) => Refusal = refusal;

    /// <summary>Why there is no ring at all; null when there is one.</summary>
    public string? Refusal { get; }

    public bool DeferTasks { get; private init; }

    public bool RegisteredRing { get; private init; }

    public bool NoSubmissionArray { get; private init; }

    public bool NoDiskWait { get; private init; }

    public bool AcceptMultishot { get; private init; }

    public bool ReceiveMultishot { get; private init; }

    public bool FixedFiles { get; private init; }

    public bool DevicePolling { get; private init; }

    public bool Bundle { get; private init; }

    public static RingFeatures Probe()
    {
        using var ring = Ring.TryCreate(SetupFlags.None, out var errno);
        if (ring is null)
        {
            return new RingFeatures(Explain(errno));
        }

        using var deferred = Ring.TryCreate(Variant.Deferred, out _);
        using var unlisted = Ring.TryCreate(SetupFlags.NoSubmissionArray, out _);
        return new RingFeatures(refusal: null)
        {
            DeferTasks = deferred is not null,
            NoSubmissionArray = unlisted is not null,
            NoDiskWait = (ring.Features & NoDiskWaitFeature) != 0,
            RegisteredRing = ring.RegisterDescriptor() == 1,
            AcceptMultishot = Knows(ring, RingOperation.Socket),
            ReceiveMultishot = Knows(ring, RingOperation.SendZeroCopy),
            FixedFiles = Knows(ring, RingOperation.Socket) && RingSetup.RegisterFiles(ring) >= 0,
            DevicePolling = RingSetup.RegisterDevicePolling(ring, 1) >= 0,
            Bundle = (ring.Features & BundleFeature) != 0,
        };
    }

    private static string Explain(int errno) => errno switch
    {
        Errno.NoSystemCall => "This kernel has no io_uring (Linux 5.1), or a security policy such as a container's hides it.",
        Errno.NotPermitted => "io_uring is forbidden here: by a security policy such as a container's, or by the setting kernel.io_uring_disabled.",
        _ => $"This kernel makes no ring: {Errno.ToException("io_uring_setup", errno).Message}.",
    };

    private static bool Knows(Ring ring, RingOperation operation)
    {
        const int Header = 16; // struct io_uring_probe before its operations, of which each has 8 bytes
        const int Operations = 256;
        var probe = stackalloc byte[Header + (Operations * 8)];
        new Span<byte>(probe, Header + (Operations * 8)).Clear();
        return ring.Register(RegisterOperation.Probe, probe, Operations) >= 0
            && (probe[Header + ((int)operation * 8) + 2] & 1) != 0; // IO_URING_OP_SUPPORTED
    }
}
