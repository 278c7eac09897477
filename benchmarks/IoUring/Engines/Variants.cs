namespace NetKit.Benchmarks;

/// <summary>The engines that are compared.</summary>
internal static class Variants
{
    // As far as a ring can be tuned that is not one thread's alone.
    private const SetupFlags Cooperative = SetupFlags.SubmitAll | SetupFlags.CooperativeTasks;

    private static readonly Variant s_epoll = new("epoll", "epoll in C#") { IsRing = false };
    private static readonly Variant s_ring = new("ring", "Ring: an operation for each read and write");
    private static readonly Variant s_multishot = new("multishot", "Ring: multishot receive, copied") { Receive = ReceiveWay.Multishot };
    private static readonly Variant s_best = new("uring", "Ring: all that helped")
    {
        Receive = ReceiveWay.Hybrid,
        Send = SendWay.Adaptive,
        RegisteredRing = true,
        NoDiskWait = true,
        AcceptMultishot = true,
    };

    // What is lent stays away until it has been sent, so it takes more buffers than copying does.
    private static readonly Variant s_lend = new("lend", "Ring: multishot receive, lent") { Receive = ReceiveWay.Lend, Buffers = 256 };

    /// <summary>Each way to divide the work between a ring and plain system calls.</summary>
    public static IReadOnlyList<Variant> Ways { get; } =
    [
        s_epoll,
        s_ring,
        s_ring with { Key = "ring-send", Title = "Ring: reads alone, writes by system call", Send = SendWay.Direct },
        s_ring with
        {
            Key = "readiness",
            Title = "Ring: readiness alone, both by system call",
            Receive = ReceiveWay.Readiness,
            Send = SendWay.Direct,
        },
        s_multishot,
        s_multishot with { Key = "multishot-send", Title = "Ring: multishot, copied, writes by system call", Send = SendWay.Direct },
        s_lend,
        s_lend with { Key = "lend-bundle", Title = "Ring: multishot, lent, several buffers at once", Receive = ReceiveWay.LendBundled },
        s_best,
        s_best with { Key = "uring-shared", Title = "Ring: all that helped and lets any thread wait", Setup = Cooperative, RegisteredRing = false },
    ];

    /// <summary>Each takes one step from the same simple ring, so that each technique is weighed alone.</summary>
    public static IReadOnlyList<Variant> Steps { get; } =
    [
        s_ring,
        s_ring with { Key = "plain", Title = "set up without any flag", Setup = SetupFlags.None },
        s_ring with { Key = "cooperative", Title = "set up with COOP_TASKRUN alone", Setup = Cooperative },
        s_ring with { Key = "no-array", Title = "no submission array", Setup = s_ring.Setup | SetupFlags.NoSubmissionArray },
        s_ring with { Key = "registered-ring", Title = "registered ring descriptor", RegisteredRing = true },
        s_ring with { Key = "no-disk-wait", Title = "wait not counted as a disk's", NoDiskWait = true },
        s_ring with { Key = "fixed-files", Title = "fixed files", FixedFiles = true },
        s_ring with { Key = "accept-multishot", Title = "multishot accept", AcceptMultishot = true },
        s_ring with { Key = "poll-first", Title = "receive polls first", Receive = ReceiveWay.PollFirst },
        s_ring with { Key = "pinned-buffers", Title = "buffers pinned for good", PinnedBuffers = true },
        s_ring with { Key = "send-bundle", Title = "bundled sends of copies", Send = SendWay.Bundle },
        s_ring with { Key = "device-polling", Title = "device polling 50 us", DevicePollingMicroseconds = 50 },
        s_ring with { Key = "spin", Title = "spin 50 us before sleep", SpinMicroseconds = 50, Setup = s_ring.Setup | SetupFlags.TaskFlag },
        s_epoll with { Key = "epoll-spin", Title = "epoll in C#, spin 50 us before sleep", SpinMicroseconds = 50 },
    ];

    public static Variant Find(string key) =>
        Ways.Concat(Steps).FirstOrDefault(variant => variant.Key == key)
        ?? throw new ArgumentException($"There is no engine {key}; there are {string.Join(", ", Ways.Concat(Steps).Select(static variant => variant.Key).Distinct())}.");
}
