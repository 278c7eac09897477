using System.Text;
using System.Text.Json;

namespace NetKit.Tests.Chat;

/// <summary>What a session does beside many others that speak, with a client that is behind, and with one that only seems to live.</summary>
public sealed class SessionTests
{
    private const int Watchdog = 120_000;
    private const int Narrow = 4_096;

    [Fact(Timeout = Watchdog)]
    public async Task Who_sends_a_frame_byte_by_byte_and_never_whole_is_silent()
    {
        await using var chat = await RunningChat.StartAsync("--read-timeout", "1s");
        using var client = await chat.ConnectAsync();
        await client.UpgradeAsync();
        var frame = new Queue<byte>(RawClient.Frame(1, new byte[500]));
        await Eventually.True(() => SendAndLookAsync().GetAwaiter().GetResult(), "it should be dropped as silent");
        Assert.NotEmpty(frame);

        async Task<bool> SendAndLookAsync()
        {
            try
            {
                await client.SendAsync([frame.Dequeue()]);
            }
            catch (IOException)
            {
                // It is reset.
            }

            return await chat.MetricAsync("chat_sessions_ended_total{end=\"silent\"}") == 1;
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Who_pings_without_end_and_does_not_read_is_too_slow()
    {
        await using var chat = await RunningChat.StartAsync("--write-timeout", "1s", "--read-timeout", "1h", "--send-buffer", "4096");
        using var client = await chat.ConnectAsync(room: Narrow);
        await client.UpgradeAsync();
        var pings = Enumerable.Repeat(RawClient.Frame(9, new byte[125]), 100).SelectMany(static ping => ping).ToArray();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                await client.SendAsync(pings);
            }
        });
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"too_slow\"}", 1);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Who_was_behind_hears_all_in_order()
    {
        const int Messages = 300;
        await using var chat = await RunningChat.StartAsync(
            "--queue", "1000", "--send-buffer", "4096", "--max-message", "4096", "--message-rate", "100000", "--read-timeout", "1h", "--write-timeout", "1h");
        using var ada = await chat.JoinAsync("Ada");
        using var behind = await chat.ConnectAsync(room: Narrow);
        await behind.JoinAsync("lobby");
        var rest = new string('.', 2_000);
        for (var i = 0; i < Messages; i++)
        {
            await ada.SayAsync($"{i}{rest}");
            await ada.HearMessageAsync();
        }

        for (var next = 0; next < Messages;)
        {
            var (opcode, payload) = await behind.ReadFrameAsync();
            var told = JsonDocument.Parse(payload).RootElement;
            Assert.Equal(1, opcode);
            if (told.GetProperty("type").GetString() == "message")
            {
                Assert.Equal($"{next++}{rest}", told.GetProperty("text").GetString());
            }
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Who_was_behind_once_is_not_too_slow_later()
    {
        const int Messages = 50;
        await using var chat = await RunningChat.StartAsync(
            "--send-buffer", "4096", "--max-message", "4096", "--message-rate", "100000", "--read-timeout", "1h", "--write-timeout", "5s");
        using var ada = await chat.JoinAsync("Ada");
        using var behind = await chat.ConnectAsync(room: Narrow);
        await behind.JoinAsync("lobby");
        await TalkAsync();
        await behind.ReadUntilTextAsync($"\"{Messages - 1}.");
        using var slow = await chat.ConnectAsync(room: Narrow);
        await slow.JoinAsync("lobby");
        var reading = behind.ReadUntilTextAsync("at last");
        await TalkAsync();
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"too_slow\"}", 1); // the other
        await ada.SayAsync("at last");
        await reading;

        async Task TalkAsync()
        {
            for (var i = 0; i < Messages; i++)
            {
                await ada.SayAsync($"{i}{new string('.', 4_000)}");
                await ada.HearMessageAsync();
            }
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Who_was_too_slow_and_reads_on_is_told_so()
    {
        await using var chat = await RunningChat.StartAsync(
            "--queue", "4", "--send-buffer", "4096", "--max-message", "16384", "--message-rate", "100000", "--read-timeout", "1h", "--write-timeout", "1h");
        using var slow = await chat.ConnectAsync(room: Narrow);
        await slow.JoinAsync("lobby");
        using var ada = await chat.JoinAsync("Ada");
        for (var i = 0; i < 100; i++)
        {
            await ada.SayAsync(new string('x', 16_384));
            await ada.HearMessageAsync();
        }

        Assert.Equal(1008, await slow.ReadCloseAsync());
        await slow.SendAsync(RawClient.Close(1008));
        Assert.True(await slow.IsClosedPolitelyAsync());
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"too_slow\"}", 1);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Messages_and_pongs_take_turns_and_each_is_whole()
    {
        const int Count = 500;
        await using var chat = await RunningChat.StartAsync("--queue", "10000", "--message-rate", "100000");
        using var ada = await chat.JoinAsync("Ada");
        using var client = await chat.ConnectAsync();
        await client.JoinAsync("lobby");
        var talking = Task.Run(async () =>
        {
            for (var i = 0; i < Count; i++)
            {
                await ada.SayAsync($"message {i}");
                await client.SendAsync(RawClient.Frame(9, Encoding.ASCII.GetBytes($"ping {i}")));
            }
        });
        for (var (messages, pongs) = (0, 0); messages < Count || pongs < Count;)
        {
            var (opcode, payload) = await client.ReadFrameAsync();
            if (opcode == 10)
            {
                Assert.Equal($"ping {pongs++}", Encoding.ASCII.GetString(payload));
            }
            else if (JsonDocument.Parse(payload).RootElement is var told && told.GetProperty("type").GetString() == "message")
            {
                Assert.Equal($"message {messages++}", told.GetProperty("text").GetString());
            }
        }

        await talking;
    }

    [Fact(Timeout = Watchdog)]
    public async Task Nothing_follows_the_goodbye_also_where_many_speak()
    {
        await using var chat = await RunningChat.StartAsync("--queue", "100000", "--message-rate", "1000000");
        using var ada = await chat.JoinAsync("Ada");
        using var over = new CancellationTokenSource();
        var talking = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                await ada.SayAsync("and");
                await ada.HearMessageAsync();
            }
        });
        for (var i = 0; i < 50; i++)
        {
            using var client = await chat.ConnectAsync();
            await client.JoinAsync("lobby");
            await client.SendAsync(RawClient.Frame(1, "x"u8.ToArray(), masked: false));
            Assert.Equal(1002, await client.ReadCloseAsync());
            await Assert.ThrowsAsync<EndOfStreamException>(client.ReadFrameAsync);
        }

        await over.CancelAsync();
        await talking;
    }

    [Fact(Timeout = Watchdog)]
    public async Task Who_says_more_than_it_may_is_counted_as_an_error()
    {
        await using var chat = await RunningChat.StartAsync("--message-rate", "1");
        using var client = await chat.ConnectAsync();
        await client.UpgradeAsync();
        var message = RawClient.Frame(1, "and"u8.ToArray());
        await client.SendAsync([.. message, .. message, .. message, .. message, .. message]);
        Assert.Equal(1008, await client.ReadCloseAsync());
        await client.SendAsync(RawClient.Close(1008));
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"too_many\"}", 1);
        Assert.Equal(1, await chat.MetricAsync("websocket_errors_total"));
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(10)]
    [InlineData(1_000)]
    [InlineData(65_536)]
    public async Task A_message_of_any_length_comes_in_one_frame(int length)
    {
        await using var chat = await RunningChat.StartAsync("--max-message", "65536");
        using var ada = await chat.JoinAsync("Ada");
        var text = new string('x', length);
        await ada.SayAsync(text);
        Assert.Equal($"Ada: {text}", await ada.HearMessageAsync());
    }
}
