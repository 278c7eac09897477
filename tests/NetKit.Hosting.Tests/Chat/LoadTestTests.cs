using System.Text.Json;
using NetKit.Tests.Samples;

namespace NetKit.Tests.Chat;

/// <summary>The LoadTest sample against the others.</summary>
public sealed class LoadTestTests
{
    private const int Watchdog = 120_000;

    [Fact(Timeout = Watchdog)]
    public async Task It_counts_to_the_message_what_the_chat_counts()
    {
        await using var chat = await RunningChat.StartAsync();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        var (exitCode, output) = await SampleProcess.RunAsync(
            "LoadTest", $"ws://{chat.Address}/ws", "--mode", "broadcast", "--connections", "50", "--senders", "5", "--rate", "50",
            "--duration", "1s", "--sources", "5", "--json", file, "--max-lost", "0", "--max-errors", "0");
        Assert.True(exitCode == 0, output);
        using var result = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        var sent = result.RootElement.GetProperty("sent").GetInt64();
        Assert.InRange(sent, 40, 50);
        Assert.Equal(50 * sent, result.RootElement.GetProperty("received").GetInt64());
        Assert.Equal(sent, await chat.MetricAsync("websocket_messages_received_total"));
        await chat.MetricBecomesAsync("chat_sessions_ended_total{end=\"closed\"}", 50);
        Assert.Equal(0, await chat.MetricAsync("websocket_errors_total"));
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(64)]
    [InlineData(400)]
    public async Task Messages_in_pieces_with_pings_between_them_are_understood(int size)
    {
        await using var server = new AwkwardServer();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        var (exitCode, output) = await SampleProcess.RunAsync(
            "LoadTest", server.Address, "--connections", "2", "--duration", "300ms", "--size", $"{size}", "--json", file, "--max-errors", "0", "--max-lost", "0");
        Assert.True(exitCode == 0, output);
        using var result = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        var sent = result.RootElement.GetProperty("sent").GetInt32();
        Assert.InRange(sent, 1, int.MaxValue);
        Assert.Equal(sent, result.RootElement.GetProperty("received").GetInt32());
        Assert.Equal(sent, server.Pongs);
    }

    [Fact(Timeout = Watchdog)]
    public async Task What_is_due_while_it_warms_up_is_counted_and_not_measured()
    {
        await using var chat = await RunningChat.StartAsync();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        var (exitCode, output) = await SampleProcess.RunAsync(
            "LoadTest", $"ws://{chat.Address}/ws", "--mode", "broadcast", "--connections", "2", "--senders", "2", "--rate", "20", "--warm-up", "1s", "--duration", "1s",
            "--json", file, "--max-lost", "0", "--max-errors", "0");
        Assert.True(exitCode == 0, output);
        using var result = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        var received = result.RootElement.GetProperty("received").GetInt32();
        Assert.InRange(received, 76, 80);
        Assert.InRange(result.RootElement.GetProperty("perSecond").GetDouble(), 1, 41); // of the 80, some 40 are measured, in a second or more
    }

    [Fact(Timeout = Watchdog)]
    public async Task Those_that_never_read_are_counted_when_the_server_drops_them()
    {
        await using var chat = await RunningChat.StartAsync("--read-timeout", "1s");
        var (exitCode, output) = await SampleProcess.RunAsync(
            "LoadTest", $"ws://{chat.Address}/ws", "--mode", "broadcast", "--connections", "6", "--senders", "1", "--rate", "5", "--never-read", "3", "--duration", "5s", "--max-lost", "0");
        Assert.True(exitCode == 0, output);
        Assert.Contains("3 never read, 3 of them dropped by the server", output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_handshake_that_is_refused_is_told_with_its_status()
    {
        await using var chat = await RunningChat.StartAsync();
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", $"ws://{chat.Address}/ws?room=Not!a!room", "--connections", "2", "--duration", "100ms", "--max-errors", "0");
        Assert.Equal(1, exitCode);
        Assert.Contains("2 x handshake: 400 Bad Request", output, StringComparison.Ordinal);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("--max-p99", "1ms", "p99 is")]
    [InlineData("--max-p50", "1us", "but must be at most 0.001 ms")]
    [InlineData("--min-rate", "1000000", "rate is")]
    public async Task A_threshold_that_is_missed_is_said_and_ends_it_with_1(string threshold, string value, string said)
    {
        await using var echo = SampleProcess.Start("EchoServer", "--listen", "127.0.0.1:0");
        var address = (await echo.SaysAsync(@"(127\.0\.0\.1:\d+)")).Groups[1].Value;
        // Due at once, all of them: they wait for each other.
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", $"tcp://{address}", "--connections", "1", "--rate", "1000000", "--duration", "500ms", threshold, value);
        Assert.Equal(1, exitCode);
        Assert.Contains(said, output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Errors_are_counted_by_kind()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", "tcp://127.0.0.1:1", "--connections", "3", "--duration", "100ms", "--max-errors", "2");
        Assert.Equal(1, exitCode);
        Assert.Contains("3 x connect: Refused", output, StringComparison.Ordinal);
        Assert.Contains("errors is 3, but must be at most 2", output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_run_without_a_connection_fails()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", "tcp://127.0.0.1:1", "--connections", "3", "--duration", "100ms");
        Assert.Equal(1, exitCode);
        Assert.Contains("0 of 3 connections to tcp://127.0.0.1:1,", output, StringComparison.Ordinal);
        Assert.Contains("LoadTest: none of the 3 connections could be opened.", output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_latency_that_was_not_measured_is_none_and_misses_its_threshold()
    {
        await using var server = new StubServer(static async (connection, _, answer, stopping) =>
        {
            await connection.WriteAsync(answer, stopping);
            await connection.ReadAtLeastAsync(new byte[4096], 1, throwOnEndOfStream: false, stopping); // and closes
        });
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", server.Address, "--duration", "100ms", "--max-p99", "1h", "--json", file);
        Assert.Equal(1, exitCode);
        Assert.Contains("LoadTest: p99 was not measured, but must be at most 3600000 ms.", output, StringComparison.Ordinal);
        using var result = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(JsonValueKind.Null, result.RootElement.GetProperty("p99Milliseconds").ValueKind);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("no server is given")]
    [InlineData("\"http://x\", but must be tcp://", "http://x")]
    [InlineData("--mode broadcast needs a WebSocket", "tcp://localhost:1", "--mode", "broadcast", "--rate", "1")]
    [InlineData("--mode broadcast needs a --rate", "ws://localhost:1", "--mode", "broadcast")]
    [InlineData("are more than the 1 --connections", "ws://localhost:1", "--mode", "broadcast", "--rate", "1", "--connections", "1", "--never-read", "1")]
    [InlineData("cannot be reached", "ws://example.com", "--sources", "2")]
    [InlineData("but must be tcp://", "tcp://localhost:1/path")]
    [InlineData("but must be tcp://", "ws://ada:secret@localhost:1/")]
    [InlineData("but must be tcp://", "ws://localhost:1/#part")]
    [InlineData("--rate belongs to --mode echo or broadcast", "ws://localhost:1", "--mode", "idle", "--rate", "5")]
    [InlineData("--never-read belongs to --mode broadcast", "ws://localhost:1", "--never-read", "1")]
    [InlineData("--insecure belongs to a URL with wss", "ws://localhost:1", "--insecure")]
    [InlineData("--duration is \"500us\"", "ws://localhost:1", "--duration", "500us")]
    [InlineData("--max-p99 is \"0us\", but must be a duration such as 500us", "ws://localhost:1", "--max-p99", "0us")]
    public async Task Nonsense_is_refused(string why, params string[] options)
    {
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", options);
        Assert.Equal(2, exitCode);
        Assert.Contains(why, output, StringComparison.Ordinal);
    }
}
