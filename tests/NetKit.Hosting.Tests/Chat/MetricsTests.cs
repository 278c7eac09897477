namespace NetKit.Tests.Chat;

public sealed class MetricsTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task The_three_metrics_have_their_exact_names_and_count_exactly()
    {
        await using var chat = await RunningChat.StartAsync();
        using var ada = await chat.JoinAsync("Ada");
        using var bob = await chat.JoinAsync("Bob");
        for (var i = 0; i < 7; i++)
        {
            await ada.SayAsync($"{i}");
            await bob.HearMessageAsync();
        }

        Assert.Equal(2, await chat.MetricAsync("websocket_active_connections"));
        Assert.Equal(7, await chat.MetricAsync("websocket_messages_received_total"));
        Assert.Equal(0, await chat.MetricAsync("websocket_errors_total"));
        Assert.Equal(2, await chat.MetricAsync("netkit_broadcaster_subscriptions"));
        var page = await chat.GetAsync("/metrics");
        Assert.Contains("# TYPE websocket_active_connections gauge\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE websocket_messages_received_total counter\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE websocket_errors_total counter\n", page, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_connection_is_listed_from_its_start_to_its_end()
    {
        await using var chat = await RunningChat.StartAsync("--list-connections");
        using (var client = await chat.ConnectAsync())
        {
            await client.UpgradeAsync();
            Assert.Contains($"  {client.LocalEndPoint} ", await chat.GetAsync("/connections"), StringComparison.Ordinal);
        }

        await Eventually.True(() => chat.GetAsync("/connections").GetAwaiter().GetResult().EndsWith("1 open, this one included\n", StringComparison.Ordinal), "only the one that asks is left");
    }
}
