namespace NetKit.Tests.Chat;

/// <summary>Several instances, joined by a real Redis.</summary>
public sealed class BackplaneTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task What_one_says_the_rooms_of_all_instances_hear_once()
    {
        await using var both = await TwoInstances.StartAsync();
        await both.Ada.SayAsync("one");
        await both.Ada.SayAsync("two");
        Assert.Equal("Ada: one", await both.Bob.HearMessageAsync());
        Assert.Equal("Ada: two", await both.Bob.HearMessageAsync());
        Assert.Equal("Ada: one", await both.Ada.HearMessageAsync());
        Assert.Equal("Ada: two", await both.Ada.HearMessageAsync());
        while ((await both.Ada.HearAsync("count"))!.Value.GetProperty("count").GetInt32() != 2)
        {
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Instances_live_through_the_loss_of_Redis_and_say_what_was_lost()
    {
        await using var both = await TwoInstances.StartAsync();
        await both.Ada.SayAsync("hello");
        Assert.Equal("Ada: hello", await both.Bob.HearMessageAsync());
        Assert.Equal("Ada: hello", await both.Ada.HearMessageAsync());
        await both.Redis.KillAsync();
        await both.First.Process.SaysAsync("Redis is lost");
        Assert.Equal(0, await both.First.MetricAsync("chat_backplane_connected"));
        Assert.Equal("ok, without Redis", await both.First.GetAsync("/health"));
        await both.Ada.SayAsync("into the void");
        Assert.Equal("Ada: into the void", await both.Ada.HearMessageAsync());
        await both.First.MetricBecomesAsync("chat_backplane_messages_lost_total", 1);

        await both.Redis.StartAsync(TestContext.Current.CancellationToken);
        var began = TimeProvider.System.GetTimestamp();
        await both.AreJoinedAsync();
        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(3), $"It took {TimeProvider.System.GetElapsedTime(began)} to be back");
        await both.First.Process.SaysAsync("Redis is back; 1 messages");
        await both.Ada.SayAsync("back");
        Assert.Equal("Ada: back", await both.Bob.HearMessageAsync());
        Assert.Equal(1, await both.Second.MetricAsync("chat_backplane_messages_missed_total"));
        await both.Second.Process.SaysAsync("1 messages of instance");
    }

    [Fact(Timeout = Watchdog)]
    public async Task Rooms_open_without_Redis_and_are_joined_once_it_comes()
    {
        await using var both = await TwoInstances.StartAsync(withRedis: false);
        await both.Ada.SayAsync("alone");
        Assert.Equal("Ada: alone", await both.Ada.HearMessageAsync());

        // Until it is given up: a Redis that comes within seconds carries it still.
        await both.First.MetricBecomesAsync("chat_backplane_messages_lost_total", 1);
        await both.Redis.StartAsync(TestContext.Current.CancellationToken);
        await both.AreJoinedAsync();
        await both.Ada.SayAsync("together");
        Assert.Equal("Ada: together", await both.Bob.HearMessageAsync());
    }
}
