using System.Diagnostics;

namespace NetKit.Tests.Chat;

/// <summary>The end of the server, with clients that do not help.</summary>
public sealed class StopTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task A_server_stops_in_time_also_when_writes_are_stuck()
    {
        await using var chat = await RunningChat.StartAsync(
            "--drain", "1s", "--write-timeout", "1h", "--read-timeout", "1h", "--queue", "100000", "--send-buffer", "4096", "--max-message", "16384", "--message-rate", "100000");
        using var stuck = await chat.ConnectAsync();
        await stuck.UpgradeAsync("/ws?room=lobby");
        using var ada = await chat.JoinAsync("Ada");
        var text = new string('x', 16_384);
        for (var i = 0; i < 1_000; i++)
        {
            await ada.SayAsync(text);
            await ada.HearMessageAsync();
        }

        var began = Stopwatch.GetTimestamp();
        chat.Process.Terminate();
        Assert.Equal(0, await chat.Process.ExitAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }
}
