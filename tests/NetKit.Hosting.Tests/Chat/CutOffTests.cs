namespace NetKit.Tests.Chat;

/// <summary>Clients that the server cuts off, wherever they are in what they send: each ends for its reason, once, and leaves nothing behind.</summary>
public sealed class CutOffTests
{
    private const int Watchdog = 120_000;

    private static readonly byte[][] s_beginnings =
    [
        [],
        [0x81],
        [0x81, 0x85],
        RawClient.Frame(1, "hello"u8.ToArray())[..5],
        RawClient.Frame(1, "hello"u8.ToArray())[..8],
        RawClient.Frame(1, "hello"u8.ToArray(), fin: false),
        [.. RawClient.Frame(1, "hello"u8.ToArray(), fin: false), .. RawClient.Frame(0, "there"u8.ToArray())[..8]],
        RawClient.Frame(1, [0xE2, 0x82], fin: false), // half a character
        RawClient.Frame(9, new byte[5])[..7],
    ];

    [Fact(Timeout = Watchdog)]
    public async Task Who_falls_silent_is_silent_wherever_it_stopped()
    {
        await using var chat = await RunningChat.StartAsync("--read-timeout", "2s");
        using var ada = await chat.JoinAsync("Ada", "raw");
        var hearing = ada.HearMessageAsync();
        var clients = await JoinAsync(chat);
        Assert.All(await Task.WhenAll(clients.Select(static client => client.IsClosedPolitelyAsync())), Assert.False);
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"silent\"}", clients.Length);
        await chat.MetricBecomesAsync("netkit_broadcaster_subscriptions", 1);
        Assert.Equal(1, await chat.MetricAsync("websocket_active_connections"));
        Assert.Equal(clients.Length, await chat.MetricAsync("websocket_errors_total"));
        await Eventually.True(() => DropsLogged(chat) >= clients.Length, "each should be logged");
        await ada.SayAsync("still here");
        Assert.Equal("Ada: still here", await hearing.Within()); // and nothing before
        Assert.Equal(clients.Length, DropsLogged(chat));
        Array.ForEach(clients, static client => client.Dispose());
    }

    [Fact(Timeout = Watchdog)]
    public async Task Who_answers_no_goodbye_is_reset_wherever_it_stopped()
    {
        await using var chat = await RunningChat.StartAsync("--session", "1s", "--notice", "500ms");
        var clients = await JoinAsync(chat);
        Assert.All(await Task.WhenAll(clients.Select(static client => client.ReadCloseAsync())), static code => Assert.Equal(1000, code));
        Assert.All(await Task.WhenAll(clients.Select(static client => client.IsClosedPolitelyAsync())), Assert.False);
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"time_over\"}", clients.Length);
        await chat.MetricBecomesAsync("netkit_broadcaster_subscriptions", 0);
        Assert.Equal(0, await chat.MetricAsync("websocket_errors_total"));
        Array.ForEach(clients, static client => client.Dispose());
    }

    private static async Task<RawClient[]> JoinAsync(RunningChat chat) =>
        await Task.WhenAll(Enumerable.Range(0, 10 * s_beginnings.Length).Select(async number =>
        {
            var client = await chat.ConnectAsync();
            await client.UpgradeAsync();
            await client.SendAsync(s_beginnings[number % s_beginnings.Length]);
            return client;
        }));

    private static int DropsLogged(RunningChat chat) => chat.Process.Output.Split('\n').Count(static line => line.Contains("was dropped from raw: Silent", StringComparison.Ordinal));
}
