using System.Net.WebSockets;

namespace NetKit.Tests.Chat;

/// <summary>What people in a room see.</summary>
public sealed class RoomTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task What_one_says_all_in_the_room_hear_and_nobody_else()
    {
        await using var chat = await RunningChat.StartAsync();
        using var ada = await chat.JoinAsync("Ada");
        using var bob = await chat.JoinAsync("Bob");
        using var eve = await chat.JoinAsync("Eve", room: "elsewhere");
        await ada.SayAsync("Hello \"Bob\" <b> \\ 😀\n");
        Assert.Equal("Ada: Hello \"Bob\" <b> \\ 😀\n", await ada.HearMessageAsync());
        Assert.Equal("Ada: Hello \"Bob\" <b> \\ 😀\n", await bob.HearMessageAsync());
        await eve.SayAsync("alone");
        Assert.Equal("Eve: alone", await eve.HearMessageAsync());
    }

    [Fact(Timeout = Watchdog)]
    public async Task People_are_told_how_many_they_are()
    {
        await using var chat = await RunningChat.StartAsync();
        using var ada = await chat.JoinAsync("Ada");
        using (await chat.JoinAsync("Bob"))
        {
            await HearCountAsync(ada, 2);
        }

        await HearCountAsync(ada, 1);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_newcomer_is_told_who_has_left_also_when_there_are_as_many_as_before()
    {
        await using var chat = await RunningChat.StartAsync();
        using var ada = await chat.JoinAsync("Ada");
        await HearCountAsync(ada, 1);
        using var bob = await chat.JoinAsync("Bob"); // who is told that there are two
        await ada.CloseAsync();
        await HearCountAsync(bob, 1);
    }

    [Fact(Timeout = Watchdog)]
    public async Task People_are_told_their_number_only_when_it_changes()
    {
        await using var chat = await RunningChat.StartAsync("--session", "4s", "--notice", "1s");
        using var ada = await chat.JoinAsync("Ada");
        var told = 0;
        while (await ada.HearAsync("count") is not null)
        {
            told++;
        }

        Assert.Equal(1, told);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_session_ends_when_its_time_is_over_after_a_notice()
    {
        await using var chat = await RunningChat.StartAsync("--session", "1s", "--notice", "500ms");
        using var ada = await chat.JoinAsync("Ada");
        Assert.Contains("ends", (await ada.HearAsync("notice"))!.Value.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Null(await ada.HearAsync("message"));
        Assert.Equal((WebSocketCloseStatus.NormalClosure, "session time is over"), (ada.CloseStatus, ada.CloseReason));
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"time_over\"}", 1);
        Assert.Equal(0, await chat.MetricAsync("websocket_errors_total"));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_that_stops_says_goodbye_and_ends_with_0()
    {
        await using var chat = await RunningChat.StartAsync();
        using var ada = await chat.JoinAsync("Ada");
        chat.Process.Terminate();
        Assert.Null(await ada.HearAsync("message"));
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, ada.CloseStatus); // 1001
        await ada.CloseAsync();
        Assert.Equal(0, await chat.Process.ExitAsync());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_stops_in_time_also_when_nobody_says_goodbye()
    {
        await using var chat = await RunningChat.StartAsync("--drain", "3s");
        using var client = await chat.ConnectAsync();
        await client.UpgradeAsync();
        using var silent = await chat.ConnectAsync();
        chat.Process.Terminate();
        Assert.Equal(1001, await client.ReadCloseAsync());
        Assert.Equal(0, await chat.Process.ExitAsync());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_that_is_full_says_so()
    {
        await using var chat = await RunningChat.StartAsync("--max-clients", "1");
        using var ada = await chat.JoinAsync("Ada");
        using var client = await chat.ConnectAsync();
        await client.SendAsync(RawClient.Handshake());
        var head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 503 ", head, StringComparison.Ordinal);
        Assert.Contains("Retry-After:", head, StringComparison.OrdinalIgnoreCase);
        await chat.MetricBecomesAsync("chat_handshakes_refused_total{reason=\"full\"}", 1);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Rooms_are_as_many_as_allowed_and_gone_with_the_last_one()
    {
        await using var chat = await RunningChat.StartAsync("--max-rooms", "1");
        using (var ada = await chat.JoinAsync("Ada", room: "one"))
        {
            using var client = await chat.ConnectAsync();
            await client.SendAsync(RawClient.Handshake(path: "/ws?room=two"));
            Assert.StartsWith("HTTP/1.1 503 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
            await ada.CloseAsync();
        }

        await chat.MetricBecomesAsync("chat_rooms", 0);
        using var bob = await chat.JoinAsync("Bob", room: "two");
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_client_that_does_not_read_is_dropped_for_a_reason_and_the_others_go_on()
    {
        await using var chat = await RunningChat.StartAsync(
            "--queue", "16", "--write-timeout", "1s", "--read-timeout", "60s", "--send-buffer", "4096", "--max-message", "16384", "--message-rate", "100000");
        using var slow = await chat.ConnectAsync();
        await slow.JoinAsync("lobby");
        using var ada = await chat.JoinAsync("Ada");
        var text = new string('x', 16_384);
        await Eventually.True(() => DroppedAfterMessageAsync().GetAwaiter().GetResult(), "the slow one should be dropped");
        await ada.SayAsync("still here");
        Assert.Equal("Ada: still here", await ada.HearMessageAsync());
        await chat.Process.SaysAsync(@"was dropped from lobby: TooSlow");

        async Task<bool> DroppedAfterMessageAsync()
        {
            await ada.SayAsync(text);
            await ada.HearMessageAsync();
            return await chat.MetricAsync("chat_sessions_ended_total{end=\"too_slow\"}") == 1;
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_client_that_answers_no_ping_is_dropped_and_one_that_does_stays()
    {
        await using var chat = await RunningChat.StartAsync("--read-timeout", "1s");
        using var ada = await chat.JoinAsync("Ada"); // whose WebSocket answers while it listens
        var hearing = ada.HearMessageAsync();
        using var silent = await chat.ConnectAsync();
        await silent.UpgradeAsync();
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"silent\"}", 1);
        await chat.Process.SaysAsync(@"was dropped from raw: Silent");
        using var next = await chat.ConnectAsync(); // which goes after one more read timeout
        await next.UpgradeAsync();
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"silent\"}", 2);
        await ada.SayAsync("here");
        Assert.Equal("Ada: here", await hearing.Within());
    }

    private static async Task HearCountAsync(ChatClient client, int count)
    {
        while ((await client.HearAsync("count"))!.Value.GetProperty("count").GetInt32() != count)
        {
        }
    }
}
