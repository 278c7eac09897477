namespace NetKit.Benchmarks;

/// <summary>Makes of a variant what the kernel allows, and says in a sentence each what it took away.</summary>
internal static class VariantFit
{
    private static readonly Rule[] s_rules =
    [
        new(
            "put off completions to the thread that waits for them (Linux 6.1)",
            static features => features.DeferTasks,
            static variant => (variant.Setup & SetupFlags.DeferTasks) != 0,
            static variant => variant with { Setup = variant.Setup & ~(Variant.Deferred | SetupFlags.TaskFlag) }),
        new(
            "make a ring without a submission array (Linux 6.6)",
            static features => features.NoSubmissionArray,
            static variant => (variant.Setup & SetupFlags.NoSubmissionArray) != 0,
            static variant => variant with { Setup = variant.Setup & ~SetupFlags.NoSubmissionArray }),
        new(
            "register a ring's own descriptor (Linux 5.18)",
            static features => features.RegisteredRing,
            static variant => variant.RegisteredRing,
            static variant => variant with { RegisteredRing = false }),
        new(
            "wait without counting it as a disk's (Linux 6.15)",
            static features => features.NoDiskWait,
            static variant => variant.NoDiskWait,
            static variant => variant with { NoDiskWait = false }),
        new(
            "accept many times with one operation (Linux 5.19)",
            static features => features.AcceptMultishot,
            static variant => variant.AcceptMultishot,
            static variant => variant with { AcceptMultishot = false }),
        new(
            "accept into a table of files (Linux 5.19)",
            static features => features.FixedFiles,
            static variant => variant.FixedFiles,
            static variant => variant with { FixedFiles = false }),
        new(
            "poll network devices for a ring (Linux 6.9)",
            static features => features.DevicePolling,
            static variant => variant.DevicePollingMicroseconds > 0,
            static variant => variant with { DevicePollingMicroseconds = 0 }),
        new(
            "receive many times with one operation (Linux 6.0)",
            static features => features.ReceiveMultishot,
            static variant => variant.NeedsBuffers,
            static variant => variant with { Receive = ReceiveWay.Once }),
        new(
            "receive into several buffers at once (Linux 6.10)",
            static features => features.Bundle,
            static variant => variant.Receive == ReceiveWay.LendBundled,
            static variant => variant with { Receive = ReceiveWay.Lend }),
        new(
            "send several buffers at once (Linux 6.10)",
            static features => features.Bundle,
            static variant => variant.Send == SendWay.Bundle,
            static variant => variant with { Send = SendWay.Ring }),
    ];

    public static Variant Fit(this Variant wanted, RingFeatures features, Action<string> say)
    {
        if (!wanted.IsRing)
        {
            return wanted;
        }

        if (features.Refusal is { } refusal)
        {
            say($"{refusal} Running on epoll instead.");
            return new Variant(wanted.Key, wanted.Title) { IsRing = false, SpinMicroseconds = wanted.SpinMicroseconds };
        }

        foreach (var rule in s_rules.Where(rule => !rule.IsAllowed(features) && rule.IsWanted(wanted)))
        {
            say($"This kernel cannot {rule.Ability}. Running without.");
            wanted = rule.Without(wanted);
        }

        return wanted;
    }

    private sealed record Rule(
        string Ability, Func<RingFeatures, bool> IsAllowed, Func<Variant, bool> IsWanted, Func<Variant, Variant> Without);
}
