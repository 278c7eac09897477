using System.Globalization;
using System.Text;
using System.Text.Json;

namespace NetKit.Tests.Chat;

/// <summary>The deadlines of a session: who keeps them stays, however late the server itself is, and whatever else it has to say.</summary>
public sealed class DeadlineTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task Everybody_gets_the_notice_also_in_sessions_that_are_short()
    {
        await using var chat = await RunningChat.StartAsync("--session", "1s", "--notice", "500ms");
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            using var client = await chat.JoinAsync($"{number}");
            Assert.NotNull(await client.HearAsync("notice"));
            Assert.Null(await client.HearAsync("message"));
        }));
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"time_over\"}", 20);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Who_is_behind_all_the_time_is_pinged_all_the_same()
    {
        await using var chat = await StartTalkativeAsync("--read-timeout", "4s");
        using var ada = await chat.JoinAsync("Ada");
        using var behind = await JoinNarrowlyAsync(chat);
        var talking = TalkAsync(ada);
        for (var pings = 0; pings < 3;)
        {
            var (opcode, payload) = await behind.ReadFrameAsync();
            if (opcode == 9)
            {
                await behind.SendAsync(RawClient.Frame(10, payload));
                pings++;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken); // so narrow is its line
        }

        await talking;
    }

    [Fact(Timeout = Watchdog)]
    public async Task Who_takes_each_message_in_time_may_have_many_that_wait()
    {
        await using var chat = await StartTalkativeAsync("--read-timeout", "1h", "--write-timeout", "4s");
        using var ada = await chat.JoinAsync("Ada");
        using var behind = await JoinNarrowlyAsync(chat);
        var talking = TalkAsync(ada);
        for (var messages = 0; messages < 16;)
        {
            messages += IsMessage(await behind.ReadFrameAsync()) ? 1 : 0;
            await Task.Delay(500, TestContext.Current.CancellationToken); // so narrow is its line
        }

        await talking;
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_that_was_frozen_blames_nobody_for_the_silence()
    {
        await using var chat = await RunningChat.StartAsync("--read-timeout", "2s");
        var clients = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => chat.JoinAsync($"{number}")));
        using var pinged = await chat.ConnectAsync();
        await pinged.UpgradeAsync();
        var hearing = clients.Select(static client => client.HearMessageAsync()).ToArray();
        await SignalAsync("STOP");
        await Task.Delay(3_000, TestContext.Current.CancellationToken); // longer than anybody may be silent
        await SignalAsync("CONT");
        for (var pings = 0; pings < 3;) // which is a second at least: who is blamed is gone by then
        {
            var (opcode, payload) = await pinged.ReadFrameAsync();
            if (opcode == 9)
            {
                await pinged.SendAsync(RawClient.Frame(10, payload));
                pings++;
            }
        }

        Assert.Equal(0, await chat.MetricAsync("chat_sessions_ended_total{end=\"silent\"}"));
        await clients[0].SayAsync("here");
        Assert.All(await Task.WhenAll(hearing).Within(), static heard => Assert.Equal("0: here", heard));
        Array.ForEach(clients, static client => client.Dispose());

        Task SignalAsync(string signal) => ProcessRun.LinesOfAsync("kill", $"-{signal}", chat.Process.Id.ToString(CultureInfo.InvariantCulture));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_session_ends_also_of_who_never_pauses()
    {
        await using var chat = await RunningChat.StartAsync("--session", "1s", "--notice", "500ms", "--message-rate", "1000000");
        using var client = await chat.ConnectAsync();
        var pongs = Enumerable.Repeat(RawClient.Frame(10, []), 10_000).SelectMany(static pong => pong).ToArray();
        await client.SendAsync([.. Encoding.ASCII.GetBytes(RawClient.Handshake()), .. pongs]);
        var flooding = Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                await client.SendAsync(pongs);
            }
        });
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(1000, await client.ReadCloseAsync().WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken));
        await flooding;
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"time_over\"}", 1);
    }

    private static Task<RunningChat> StartTalkativeAsync(params string[] options) => RunningChat.StartAsync(
        [.. options, "--queue", "1000", "--max-message", "65536", "--message-rate", "100000"]);

    // With room for about one message that it does not read: with less, the system would wait between its parts.
    private static async Task<RawClient> JoinNarrowlyAsync(RunningChat chat)
    {
        var client = await chat.ConnectAsync(room: 65_536);
        await client.JoinAsync("lobby");
        return client;
    }

    private static async Task TalkAsync(ChatClient client)
    {
        var text = new string('x', 60_000);
        for (var i = 0; i < 600; i++)
        {
            await client.SayAsync(text);
            await client.HearMessageAsync();
        }
    }

    private static bool IsMessage((int Opcode, byte[] Payload) frame) =>
        frame.Opcode == 1 && JsonDocument.Parse(frame.Payload).RootElement.GetProperty("type").GetString() == "message";
}
