using System.Net;

namespace NetKit.Tests.Chat;

/// <summary>Several instances, joined by a real Redis.</summary>
public sealed class BackplaneTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task What_one_says_the_rooms_of_all_instances_hear_once()
    {
        await using var redis = await StartRedisAsync();
        await using var first = await StartChatAsync(redis.Address);
        await using var second = await StartChatAsync(redis.Address);
        await first.MetricBecomesAsync("chat_backplane_connected", 1);
        await second.MetricBecomesAsync("chat_backplane_connected", 1);
        using var ada = await first.JoinAsync("Ada");
        using var bob = await second.JoinAsync("Bob");
        await ada.SayAsync("one");
        await ada.SayAsync("two");
        Assert.Equal("Ada: one", await bob.HearMessageAsync());
        Assert.Equal("Ada: two", await bob.HearMessageAsync());
        Assert.Equal("Ada: one", await ada.HearMessageAsync());
        Assert.Equal("Ada: two", await ada.HearMessageAsync());
        while ((await ada.HearAsync("count"))!.Value.GetProperty("count").GetInt32() != 2)
        {
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Instances_live_through_the_loss_of_Redis_and_say_what_was_lost()
    {
        await using var redis = await StartRedisAsync();
        await using var first = await StartChatAsync(redis.Address);
        await using var second = await StartChatAsync(redis.Address);
        await first.MetricBecomesAsync("chat_backplane_connected", 1);
        await second.MetricBecomesAsync("chat_backplane_connected", 1);
        using var ada = await first.JoinAsync("Ada");
        using var bob = await second.JoinAsync("Bob");
        await ada.SayAsync("hello");
        Assert.Equal("Ada: hello", await bob.HearMessageAsync());
        Assert.Equal("Ada: hello", await ada.HearMessageAsync());
        await redis.Server.KillAsync();
        await first.Process.SaysAsync("Redis is lost");
        Assert.Equal(0, await first.MetricAsync("chat_backplane_connected"));
        Assert.Equal("ok, without Redis", await first.GetAsync("/health"));
        await ada.SayAsync("into the void");
        Assert.Equal("Ada: into the void", await ada.HearMessageAsync());
        await first.MetricBecomesAsync("chat_backplane_messages_lost_total", 1);

        await redis.Server.StartAsync(TestContext.Current.CancellationToken);
        var began = TimeProvider.System.GetTimestamp();
        await first.MetricBecomesAsync("chat_backplane_connected", 1);
        await second.MetricBecomesAsync("chat_backplane_connected", 1);
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(3), $"It took {TimeProvider.System.GetElapsedTime(began)} to be back");
        await first.Process.SaysAsync("Redis is back; 1 messages");
        await ada.SayAsync("back");
        Assert.Equal("Ada: back", await bob.HearMessageAsync());
        Assert.Equal(1, await second.MetricAsync("chat_backplane_messages_missed_total"));
        await second.Process.SaysAsync("1 messages of instance");
    }

    [Fact(Timeout = Watchdog)]
    public async Task Rooms_open_without_Redis_and_are_joined_once_it_comes()
    {
        var address = new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort(Random.Shared));
        await using var server = RedisServer.At(address);
        await using var first = await StartChatAsync(address);
        await using var second = await StartChatAsync(address);
        using var ada = await first.JoinAsync("Ada");
        using var bob = await second.JoinAsync("Bob");
        await ada.SayAsync("alone");
        Assert.Equal("Ada: alone", await ada.HearMessageAsync());

        // Until it is given up: a Redis that comes within seconds carries it still.
        await first.MetricBecomesAsync("chat_backplane_messages_lost_total", 1);
        await server.StartAsync(TestContext.Current.CancellationToken);
        await first.MetricBecomesAsync("chat_backplane_connected", 1);
        await second.MetricBecomesAsync("chat_backplane_connected", 1);
        await ada.SayAsync("together");
        Assert.Equal("Ada: together", await bob.HearMessageAsync());
    }

    private static Task<RunningChat> StartChatAsync(IPEndPoint redis) => RunningChat.StartAsync("--backplane", $"redis://{redis}");

    private static async Task<RunningRedis> StartRedisAsync()
    {
        var address = new IPEndPoint(IPAddress.Loopback, ServerProcess.FreePort(Random.Shared));
        var server = RedisServer.At(address);
        await server.StartAsync(TestContext.Current.CancellationToken);
        return new RunningRedis(server, address);
    }

    private sealed record RunningRedis(ServerProcess Server, IPEndPoint Address) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
