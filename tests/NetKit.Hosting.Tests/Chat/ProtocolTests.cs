using System.Text;
using System.Text.Json;

namespace NetKit.Tests.Chat;

/// <summary>RFC 6455 as the chat keeps it, by bytes that no library would send.</summary>
public sealed class ProtocolTests : IAsyncLifetime
{
    private const int Watchdog = 120_000;

    private RunningChat _chat = null!;

    public async ValueTask InitializeAsync() => _chat = await RunningChat.StartAsync("--origin", "https://friend.example:443/");

    public ValueTask DisposeAsync() => _chat.DisposeAsync();

    /// <summary>What a client sends after its handshake, and the code that it is closed with.</summary>
    public static TheoryData<string, int> Frames => new()
    {
        { "goodbye", 1001 },
        { "goodbye without a code", 1000 },
        { "text that is no UTF-8", 1007 },
        { "fragments that together are no UTF-8", 1007 },
        { "an unmasked frame", 1002 },
        { "an unmasked goodbye", 1002 },
        { "an unmasked frame after a masked one", 1002 },
        { "a reserved bit", 1002 },
        { "an unknown opcode", 1002 },
        { "a long ping", 1002 },
        { "a fragmented ping", 1002 },
        { "a continuation of nothing", 1002 },
        { "a text within a fragmented one", 1002 },
        { "a goodbye with half a code", 1002 },
        { "a goodbye with a code that is never sent", 1002 },
        { "a goodbye with a reason that is no UTF-8", 1002 },
        { "a message of 513 bytes", 1009 },
        { "a message of many fragments of together 600 bytes", 1009 },
        { "a frame that says it is of 2 GB", 1009 },
        { "binary data", 1003 },
        { "a message of 513 bytes in 257 characters", 1009 },
        { "empty binary data, and text", 1003 },
        { "more messages than allowed", 1008 },
    };

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Frames))]
    public async Task What_a_client_sends_is_answered_by_the_right_close_code(string what, int code)
    {
        using var client = await _chat.ConnectAsync();
        await client.UpgradeAsync();
        await client.SendAsync(Bytes(what));
        Assert.Equal(code, await client.ReadCloseAsync());
        if (code is 1003 or 1008 or 1009)
        {
            await client.SendAsync(RawClient.Close(code)); // as is polite: the server began the goodbye
        }

        // Within such a frame no goodbye is heard: the server waits a while for one, and then resets.
        Assert.Equal(what != "a frame that says it is of 2 GB", await client.IsClosedPolitelyAsync());
        Assert.Equal("ok", await _chat.GetAsync("/health"));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_message_in_fragments_with_pings_between_is_one_message()
    {
        using var client = await _chat.ConnectAsync();
        await client.UpgradeAsync();
        await client.SendAsync(RawClient.Frame(1, "he"u8.ToArray(), fin: false));
        await client.SendAsync(RawClient.Frame(9, "p"u8.ToArray()));
        await client.SendAsync(RawClient.Frame(0, "l"u8.ToArray(), fin: false));
        await client.SendAsync(RawClient.Frame(10, "unasked"u8.ToArray()));
        await client.SendAsync(RawClient.Frame(0, "lo"u8.ToArray()));
        var sawPong = false;
        while (true)
        {
            var (opcode, payload) = await client.ReadFrameAsync();
            sawPong |= opcode == 10 && payload is [(byte)'p'];
            if (opcode == 1 && Encoding.UTF8.GetString(payload).Contains("\"text\":\"hello\"", StringComparison.Ordinal))
            {
                break;
            }
        }

        Assert.True(sawPong);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_message_byte_by_byte_of_512_bytes_is_taken()
    {
        using var client = await _chat.ConnectAsync();
        await client.UpgradeAsync();
        foreach (var one in RawClient.Frame(1, [.. Enumerable.Repeat((byte)'x', 512)]))
        {
            await client.SendAsync([one]);
        }

        while (!Encoding.UTF8.GetString((await client.ReadFrameAsync()).Payload).Contains(new string('x', 512), StringComparison.Ordinal))
        {
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task An_empty_message_is_a_message_and_not_the_beginning_of_the_next()
    {
        using var client = await _chat.ConnectAsync();
        await client.UpgradeAsync();
        await client.SendAsync([.. RawClient.Frame(1, []), .. RawClient.Frame(1, []), .. RawClient.Frame(1, "hi"u8.ToArray())]);
        await HearsAsync(client, "\"text\":\"\"");
        await HearsAsync(client, "\"text\":\"\"");
        await HearsAsync(client, "\"text\":\"hi\"");
        Assert.Equal(3, await _chat.MetricAsync("websocket_messages_received_total"));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_message_that_came_with_the_handshake_is_heard()
    {
        using var client = await _chat.ConnectAsync();
        await client.SendAsync([.. Encoding.ASCII.GetBytes(RawClient.Handshake()), .. RawClient.Frame(1, "early\0😀"u8.ToArray())]);
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await HearsAsync(client, "\"text\":\"early\\u0000");
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_message_of_512_bytes_in_128_characters_is_taken()
    {
        using var client = await _chat.ConnectAsync();
        await client.UpgradeAsync();
        var text = string.Concat(Enumerable.Repeat("😀", 128));
        await client.SendAsync(RawClient.Frame(1, Encoding.UTF8.GetBytes(text)));
        while (await client.ReadFrameAsync() is var (_, payload) && JsonDocument.Parse(payload).RootElement is var told
            && !(told.TryGetProperty("text", out var heard) && heard.GetString() == text))
        {
        }
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("POST", "1.1", "Content-Length: 5\r\n", 405)]
    [InlineData("GET", "1.1", "Content-Length: 5\r\n", 400)]
    [InlineData("GET", "1.1", "Transfer-Encoding: chunked\r\n", 400)]
    [InlineData("GET", "1.0", "", 426)]
    public async Task What_cannot_be_upgraded_is_refused_and_is_no_session(string method, string version, string more, int status)
    {
        using var client = await _chat.ConnectAsync();
        await client.SendAsync(RawClient.Handshake(method: method, more: more).Replace("HTTP/1.1", $"HTTP/{version}", StringComparison.Ordinal) + "hello");
        Assert.StartsWith($"HTTP/1.1 {status} ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await _chat.MetricAsync("chat_sessions_ended_total{end=\"lost\"}"));
        Assert.Equal(0, await _chat.MetricAsync("websocket_active_connections"));
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("post", 405, "Allow: GET")]
    [InlineData("no upgrade", 426, "Upgrade: websocket")]
    [InlineData("version", 426, "Sec-WebSocket-Version: 13")]
    [InlineData("short key", 400, "")]
    [InlineData("no key", 400, "")]
    [InlineData("origin", 403, "")]
    [InlineData("broken origin", 403, "")]
    [InlineData("two origins", 403, "")]
    [InlineData("room", 400, "")]
    [InlineData("name", 400, "")]
    public async Task A_handshake_that_is_refused_gets_the_right_status(string what, int status, string header)
    {
        using var client = await _chat.ConnectAsync();
        await client.SendAsync(what switch
        {
            "post" => RawClient.Handshake(method: "POST", more: "Content-Length: 0\r\n"),
            "no upgrade" => RawClient.Handshake(upgrade: false),
            "version" => RawClient.Handshake(version: "8"),
            "short key" => RawClient.Handshake(key: "AAAA"),
            "no key" => RawClient.Handshake(key: ""),
            "origin" => RawClient.Handshake(more: "Origin: http://evil.example\r\n"),
            "broken origin" => RawClient.Handshake(more: "Origin: null\r\n"),
            "two origins" => RawClient.Handshake(more: "Origin: http://chat\r\nOrigin: http://evil.example\r\n"),
            "room" => RawClient.Handshake(path: "/ws?room=No%20Room"),
            _ => RawClient.Handshake(path: "/ws?name=" + new string('n', 33)),
        });
        var head = await client.ReadHeadAsync();
        Assert.StartsWith($"HTTP/1.1 {status} ", head, StringComparison.Ordinal);
        Assert.Contains(header, head, StringComparison.OrdinalIgnoreCase);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("")]
    [InlineData("Origin: http://chat\r\n")]
    [InlineData("Origin: HTTP://CHAT:80\r\n")]
    [InlineData("Origin: https://friend.example\r\n")]
    public async Task A_handshake_of_no_of_the_own_and_of_an_allowed_origin_is_accepted(string origin)
    {
        using var client = await _chat.ConnectAsync();
        await client.SendAsync(RawClient.Handshake(more: origin, key: "dGhlIHNhbXBsZSBub25jZQ=="));
        var head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head, StringComparison.OrdinalIgnoreCase); // the RFC's own example
    }

    private static async Task HearsAsync(RawClient client, string text)
    {
        var heard = Encoding.UTF8.GetString((await client.ReadFrameAsync()).Payload);
        while (!heard.Contains("\"type\":\"message\"", StringComparison.Ordinal))
        {
            heard = Encoding.UTF8.GetString((await client.ReadFrameAsync()).Payload);
        }

        Assert.Contains(text, heard, StringComparison.Ordinal);
    }

    private static byte[] Bytes(string what) => what switch
    {
        "goodbye" => RawClient.Close(1001, "bye"),
        "goodbye without a code" => RawClient.Frame(8, []),
        "text that is no UTF-8" => RawClient.Frame(1, [0xC3, 0x28]),
        "fragments that together are no UTF-8" => [.. RawClient.Frame(1, [0xE2, 0x82], fin: false), .. RawClient.Frame(0, [0x28])],
        "an unmasked frame" => RawClient.Frame(1, "hi"u8.ToArray(), masked: false),
        "an unmasked goodbye" => RawClient.Frame(8, [3, 0xE8], masked: false),
        "an unmasked frame after a masked one" => [.. RawClient.Frame(1, new byte[300].Select(static _ => (byte)'x').ToArray()), .. RawClient.Frame(1, [], masked: false)],
        "a reserved bit" => RawClient.Frame(1, "hi"u8.ToArray(), reserved: 4),
        "an unknown opcode" => RawClient.Frame(3, "hi"u8.ToArray()),
        "a long ping" => RawClient.Frame(9, new byte[126]),
        "a fragmented ping" => RawClient.Frame(9, [1], fin: false),
        "a continuation of nothing" => RawClient.Frame(0, "hi"u8.ToArray()),
        "a text within a fragmented one" => [.. RawClient.Frame(1, "a"u8.ToArray(), fin: false), .. RawClient.Frame(1, "b"u8.ToArray())],
        "a goodbye with half a code" => RawClient.Frame(8, [3]),
        "a goodbye with a code that is never sent" => RawClient.Close(1005),
        "a goodbye with a reason that is no UTF-8" => RawClient.Frame(8, [3, 0xE8, 0xFF]),
        "a message of 513 bytes" => RawClient.Frame(1, [.. Enumerable.Repeat((byte)'x', 513)]),
        "a message of many fragments of together 600 bytes" =>
            [.. RawClient.Frame(1, "x"u8.ToArray(), fin: false), .. Enumerable.Range(0, 599).SelectMany(static _ => RawClient.Frame(0, "x"u8.ToArray(), fin: false))],
        "a frame that says it is of 2 GB" => [0x81, 0xFF, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, .. Enumerable.Repeat((byte)'x', 1_000)],
        "binary data" => RawClient.Frame(2, "hi"u8.ToArray()),
        "a message of 513 bytes in 257 characters" => RawClient.Frame(1, Encoding.UTF8.GetBytes(new string('é', 256) + "x")),
        "empty binary data, and text" => [.. RawClient.Frame(2, []), .. RawClient.Frame(1, "hi"u8.ToArray())],
        "more messages than allowed" => [.. Enumerable.Range(0, 60).SelectMany(static _ => RawClient.Frame(1, "hi"u8.ToArray()))],
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };
}
