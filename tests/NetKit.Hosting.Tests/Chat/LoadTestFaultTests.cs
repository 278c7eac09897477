using System.Diagnostics;
using System.Net;
using NetKit.Tests.Samples;

namespace NetKit.Tests.Chat;

/// <summary>The LoadTest sample against servers that do what they should not.</summary>
public sealed class LoadTestFaultTests
{
    private const int Watchdog = 120_000;

    public static TheoryData<string, string> Misdeeds => new()
    {
        { "a wrong accept", "handshake: Sec-WebSocket-Accept is not what the key asks for" },
        { "no HTTP", "handshake: no answer of HTTP" },
        { "its echo", "handshake: no answer of HTTP" },
        { "an alert of TLS", "handshake: no answer of HTTP; a server with TLS is wss://" },
        { "closes at once", "closed by the server" },
        { "closes within the head", "" },
        { "resets", "Reset" },
        { "no answer", "timeout" },
        { "no echo", "timeout" },
        { "a masked frame", "Protocol" },
        { "a frame of 65 MB", "Protocol" },
        { "a goodbye with a reason", "closed by the server: 1008 go away" },
    };

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Misdeeds))]
    public async Task What_a_server_does_wrong_is_an_error_of_its_kind(string what, string kind)
    {
        await using var server = new StubServer((connection, _, answer, stopping) => DoWrongAsync(what, connection, answer, stopping));
        var (exitCode, output) = await SampleProcess.RunAsync(
            "LoadTest", server.Address, "--connections", "2", "--duration", "500ms", "--timeout", "1s", "--max-errors", "1", "--quiet");
        Assert.True(exitCode == 1, output);
        Assert.Matches($"(?m)^ +2 x .*{kind}", output);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_that_talks_on_instead_of_saying_goodbye_holds_nothing_up()
    {
        await using var server = new StubServer(static async (connection, _, answer, stopping) =>
        {
            await connection.WriteAsync(answer, stopping);
            byte[] words = [.. Enumerable.Repeat<byte[]>([0x81, 2, (byte)'h', (byte)'i'], 1_000).SelectMany(static frame => frame)];
            while (true)
            {
                await connection.WriteAsync(words, stopping);
            }
        });
        var began = Stopwatch.GetTimestamp();
        var (exitCode, output) = await SampleProcess.RunAsync(
            "LoadTest", server.Address, "--mode", "idle", "--connections", "3", "--duration", "300ms", "--max-errors", "0", "--quiet");
        Assert.True(exitCode == 0, output);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(25));
    }

    [Fact(Timeout = Watchdog)]
    public async Task Goodbye_is_said_once()
    {
        var goodbyes = new List<int>();
        await using var server = new StubServer(async (connection, _, answer, stopping) =>
        {
            await connection.WriteAsync(answer, stopping);
            var count = 0;
            var frame = new byte[8]; // a goodbye: head, mask and code
            while (await connection.ReadAtLeastAsync(frame, 2, throwOnEndOfStream: false, stopping) >= 2)
            {
                if (frame[0] == 0x88)
                {
                    count++;
                    await connection.WriteAsync((byte[])[0x88, 2, 3, 0xE8], stopping);
                }
            }

            lock (goodbyes)
            {
                goodbyes.Add(count);
            }
        });
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", server.Address, "--mode", "idle", "--connections", "1", "--duration", "300ms", "--quiet");
        Assert.True(exitCode == 0, output);
        await Eventually.True(() => { lock (goodbyes) { return goodbyes.Count == 1; } }, "the connection should end");
        Assert.Equal([1], goodbyes);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_broadcast_whose_first_connection_was_refused_is_sent_by_the_next()
    {
        await using var server = new StubServer(static async (connection, number, answer, stopping) =>
        {
            await connection.WriteAsync(number == 0 ? "HTTP/1.1 503 Busy\r\n\r\n"u8.ToArray() : answer, stopping);
            var buffer = new byte[4096];
            while (number > 0 && await connection.ReadAsync(buffer, stopping) > 0)
            {
            }
        });
        var (exitCode, output) = await SampleProcess.RunAsync(
            "LoadTest", server.Address, "--mode", "broadcast", "--rate", "20", "--connections", "3", "--ramp-up", "1s", "--never-read", "2", "--duration", "1s", "--quiet");
        Assert.True(exitCode == 0, output);
        Assert.Contains("1 x handshake: 503 Busy", output, StringComparison.Ordinal);
        Assert.Contains("20 messages sent", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_rate_that_cannot_be_kept_is_said_and_the_run_ends_in_time()
    {
        await using var server = new StubServer(static async (connection, _, answer, stopping) =>
        {
            await connection.WriteAsync(answer, stopping);
            var buffer = new byte[65_536];
            while (await connection.ReadAsync(buffer, stopping) > 0)
            {
            }
        });
        var (exitCode, output) = await SampleProcess.RunAsync(
            "LoadTest", server.Address, "--mode", "broadcast", "--rate", "100000000", "--connections", "2", "--never-read", "1", "--duration", "1s", "--quiet");
        Assert.True(exitCode == 0, output);
        Assert.Matches(@"[\d,]+ messages were due and not sent", output);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_server_is_named_by_an_address_of_IPv6()
    {
        await using var chat = await RunningChat.StartAsync("--listen", "[::1]:0");
        var (exitCode, output) = await SampleProcess.RunAsync(
            "LoadTest", $"ws://{chat.Address}/ws", "--connections", "2", "--rate", "10", "--duration", "300ms", "--max-errors", "0", "--max-lost", "0", "--quiet");
        Assert.True(exitCode == 0, output);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_result_that_cannot_be_written_is_said_after_what_it_came_to()
    {
        await using var chat = await RunningChat.StartAsync();
        var (exitCode, output) = await SampleProcess.RunAsync("LoadTest", $"ws://{chat.Address}/ws", "--mode", "idle", "--duration", "10ms", "--json", "/no/such/folder/result.json", "--quiet");
        Assert.Equal(1, exitCode);
        Assert.Contains("10 of 10 connections", output, StringComparison.Ordinal);
        Assert.Contains("LoadTest: Could not find", output, StringComparison.Ordinal);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("handshake")]
    [InlineData("ramp-up")]
    [InlineData("echo")]
    [InlineData("broadcast")]
    public async Task It_ends_at_once_with_130_when_it_is_interrupted(string during)
    {
        Assert.SkipUnless(SampleProcess.MayBeInterrupted, "SIGINT is ignored here.");
        await using var server = new StubServer(async (connection, _, answer, stopping) =>
        {
            await connection.WriteAsync(during == "handshake" ? [] : answer, stopping);
            var buffer = new byte[4096];
            while (await connection.ReadAsync(buffer, stopping) > 0)
            {
            }
        });
        string[] more = during switch
        {
            "ramp-up" => ["--ramp-up", "1h"],
            "broadcast" => ["--mode", "broadcast", "--rate", "100"],
            _ => [],
        };
        await using var load = SampleProcess.Start("LoadTest", [server.Address, "--connections", "4", "--duration", "1h", "--timeout", "1h", .. more]);
        await load.SaysAsync(@"\d+ s "); // it is under way
        await Eventually.True(() => server.Connections >= (during == "ramp-up" ? 1 : 4), "connections come");
        load.Interrupt();
        Assert.Equal(130, await load.ExitAsync());
        Assert.Contains("LoadTest: interrupted.", load.Output, StringComparison.Ordinal);
    }

    private static async Task DoWrongAsync(string what, Connection connection, byte[] answer, CancellationToken stopping)
    {
        byte[] said = what switch
        {
            "a wrong accept" => "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"u8.ToArray(),
            "no HTTP" => "hello\r\n\r\n"u8.ToArray(),
            "its echo" => "GET / HTTP/1.1\r\n\r\n"u8.ToArray(),
            "an alert of TLS" => [21, 3, 3, 0, 2, 2, 70],
            "closes at once" or "resets" or "no answer" => [],
            "closes within the head" => answer[..40],
            "a masked frame" => [.. answer, 0x81, 0x80, 1, 2, 3, 4],
            "a frame of 65 MB" => [.. answer, 0x81, 127, 0, 0, 0, 0, 4, 0x10, 0, 0],
            "a goodbye with a reason" => [.. answer, .. RawClient.Frame(8, [3, 0xF0, .. "go away"u8], masked: false)],
            _ => answer,
        };
        await connection.WriteAsync(said, stopping);
        if (what == "resets")
        {
            connection.Abort();
        }
        else if (!what.StartsWith("closes", StringComparison.Ordinal) && what != "an alert of TLS")
        {
            var buffer = new byte[4096];
            while (await connection.ReadAsync(buffer, stopping) > 0)
            {
            }
        }
    }
}
