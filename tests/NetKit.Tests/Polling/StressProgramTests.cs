using System.Diagnostics;

namespace NetKit.Tests.Polling;

/// <summary>Short runs of the programs in NetKit.Tests.Stress, so that they go on finding what they were written to find.</summary>
[Collection(nameof(Alone))]
public sealed class StressProgramTests
{
    public StressProgramTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The programs look at themselves in /proc.");

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("0")]
    [InlineData("1")]
    public Task A_storm_of_connections_leads_nothing_astray_and_leaves_nothing_behind(string serverGC) =>
        AssertFindsNothing(serverGC, "storm", "--cycles", "4000");

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData("0")]
    [InlineData("1")]
    public Task Anything_done_to_connections_from_all_threads_stalls_none_and_loses_no_byte(string serverGC) =>
        AssertFindsNothing(serverGC, "hunt", "--seconds", "3", "--connections", "300");

    [Fact(Timeout = Waiting.Watchdog)]
    public Task Handlers_that_block_or_burn_hold_up_nobody_and_their_threads_go_when_they_are_done()
    {
        SkipUnlessPolled();

        // Half of what they block for: whoever had to wait for one would take longer.
        return AssertFindsNothing(
            "0", "block", "--seconds", "4", "--block", "2", "--bound", "1", "--crowd", "50", "--pause", "0.5", "--rest", "2");
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public Task A_server_whose_connections_wait_under_far_deadlines_never_wakes()
    {
        SkipUnlessPolled();
        return AssertFindsNothing("0", "idle", "--connections", "500", "--seconds", "2");
    }

    private static void SkipUnlessPolled() =>
        Assert.SkipUnless(SocketEngines.IsPolled(SocketEngine.Automatic), "The thread pool makes no such promise.");

    private static async Task AssertFindsNothing(string serverGC, params string[] arguments)
    {
        var program = Repository.ProgramOf("NetKit.Tests.Stress");
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        start.Environment["DOTNET_gcServer"] = serverGC;
        using var process = Process.Start(start)!;
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, $"It ended with exit code {process.ExitCode} and said:\n{output}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
