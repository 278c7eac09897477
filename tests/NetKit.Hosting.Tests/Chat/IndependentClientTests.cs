namespace NetKit.Tests.Chat;

/// <summary>The chat in the hands of a WebSocket library that is neither ours nor .NET's. Skipped where there is none.</summary>
public sealed class IndependentClientTests
{
    private const int Watchdog = 120_000;
    private const string Python = "/usr/bin/python3";

    [Fact(Timeout = Watchdog)]
    public async Task A_client_of_another_library_is_understood_and_told_the_right_close_codes()
    {
        Assert.SkipWhen(
            !File.Exists(Python) || (await ProcessRun.ExecuteAsync(Python, ["-c", "import websockets.legacy.client"])).ExitCode != 0,
            "There are no WebSockets for Python: apt-get install python3-websockets.");
        await using var chat = await RunningChat.StartAsync("--read-timeout", "1s");
        var script = Repository.PathOf("tests", "NetKit.Hosting.Tests", "Chat", "independent_client.py");
        var (exitCode, output, errors) = await ProcessRun.ExecuteAsync(Python, [script, $"ws://{chat.Address}/ws", $"{chat.Process.Id}"]);
        Assert.True(exitCode == 0, output + errors);
        Assert.Equal(7, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(static line => line.EndsWith(" ok", StringComparison.Ordinal)));
        Assert.Equal(0, await chat.Process.ExitAsync());
    }
}
