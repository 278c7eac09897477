namespace NetKit.Benchmarks;

/// <summary>Runs this program again under a filter like those of container engines.</summary>
internal static class ForbiddenCall
{
    public const string Mode = "forbidden";

    public static string Try()
    {
        using var child = Peer.Start(Mode);
        return child.ReadLine();
    }

    /// <summary>In the child: what the probe says, and what a server would run on.</summary>
    public static void Run()
    {
        SystemCallFilter.Forbid(RingCalls.SetupNumber);
        var said = new List<string>();
        var fit = Variants.Find("uring").Fit(RingFeatures.Probe(), said.Add);
        Console.WriteLine($"The program says: \"{string.Join(' ', said)}\" and runs on {(fit.IsRing ? "a ring" : "epoll")}.");
    }
}
