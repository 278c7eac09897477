namespace NetKit.Tests.Chat;

/// <summary>Clients that mean no good: each is bounded, counted and told of once.</summary>
public sealed class HostileClientTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task Who_sends_nothing_half_a_handshake_or_an_endless_header_is_cut()
    {
        await using var chat = await RunningChat.StartAsync("--read-timeout", "1s");
        using var nothing = await chat.ConnectAsync();
        using var half = await chat.ConnectAsync();
        await half.SendAsync("GET /ws HTTP/1.1\r\nHost: chat\r\n");
        using var endless = await chat.ConnectAsync();
        await endless.SendAsync("GET /ws HTTP/1.1\r\nHost: chat\r\nX: " + new string('x', 20_000));
        Assert.StartsWith("HTTP/1.1 431 ", await endless.ReadHeadAsync(), StringComparison.Ordinal);
        await nothing.IsClosedPolitelyAsync();
        Assert.StartsWith("HTTP/1.1 408 ", await half.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await chat.MetricAsync("websocket_active_connections"));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Who_comes_and_goes_a_thousand_times_leaves_nothing_behind()
    {
        await using var chat = await RunningChat.StartAsync();
        await Parallel.ForAsync(0, 1_000, TestContext.Current.CancellationToken, async (number, _) =>
        {
            using var client = await chat.ConnectAsync();
            if (number % 4 > 0)
            {
                await client.UpgradeAsync();
            }

            if (number % 4 > 1)
            {
                await client.SendAsync(RawClient.Frame(1, "hi"u8.ToArray()));
            }

            if (number % 4 > 2)
            {
                await client.SendAsync(RawClient.Close(1000));
                await client.ReadCloseAsync();
            }
        });
        await chat.MetricBecomesAsync("websocket_active_connections", 0);
        await chat.MetricBecomesAsync("chat_rooms", 0);
        await chat.MetricBecomesAsync("netkit_broadcaster_subscriptions", 0);
        Assert.Equal(0, await chat.MetricAsync("chat_sessions_ended_total{end=\"silent\"}")); // lost is who goes without a word
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("pings")]
    [InlineData("pongs")]
    [InlineData("fragments of nothing")]
    public async Task Who_sends_frames_without_end_that_say_nothing_is_dropped_for_a_reason(string what)
    {
        await using var chat = await RunningChat.StartAsync();
        using var client = await chat.ConnectAsync();
        await client.UpgradeAsync();
        if (what == "fragments of nothing")
        {
            await client.SendAsync(RawClient.Frame(1, [], fin: false));
        }

        var frame = what == "pings" ? RawClient.Frame(9, []) : what == "pongs" ? RawClient.Frame(10, []) : RawClient.Frame(0, [], fin: false);
        var frames = Enumerable.Repeat(frame, 1_000).SelectMany(static frame => frame).ToArray();
        var flooding = Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                await client.SendAsync(frames);
            }
        });
        Assert.Equal(1008, await client.ReadCloseAsync());
        await flooding;
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"too_many\"}", 1);
        await chat.Process.SaysAsync("was dropped from raw: TooMany");
    }

    [Fact(Timeout = Watchdog)]
    public async Task Who_was_dropped_says_nothing_more_to_anybody()
    {
        await using var chat = await RunningChat.StartAsync("--message-rate", "1");
        using var ada = await chat.JoinAsync("Ada", "raw");
        using var client = await chat.ConnectAsync();
        await client.JoinAsync("raw");
        await client.SendAsync([.. Enumerable.Repeat(RawClient.Frame(10, []), 1_000).SelectMany(static pong => pong)]);
        Assert.Equal(1008, await client.ReadCloseAsync());
        await client.SendAsync([.. RawClient.Frame(1, "and another thing"u8.ToArray()), .. RawClient.Close(1008)]);
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"too_many\"}", 1);
        await ada.SayAsync("peace");
        Assert.Equal("Ada: peace", await ada.HearMessageAsync());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_wrong_origin_is_counted_and_logged_once()
    {
        await using var chat = await RunningChat.StartAsync();
        using var client = await chat.ConnectAsync();
        await client.SendAsync(RawClient.Handshake(more: "Origin: http://evil.example\r\n"));
        await client.ReadHeadAsync();
        Assert.Equal(1, await chat.MetricAsync("chat_handshakes_refused_total{reason=\"origin\"}"));
        Assert.Equal(1, await chat.MetricAsync("websocket_errors_total"));
        await chat.Process.SaysAsync("refused: Origin");
        Assert.Single(chat.Process.Output.Split('\n'), static line => line.Contains("evil.example", StringComparison.Ordinal));
    }
}
