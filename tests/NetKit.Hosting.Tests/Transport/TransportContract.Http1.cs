using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NetKit.Tests.Hosting.Transport;

public abstract partial class TransportContract
{
    private const string Get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private const int Large = 50 * 1024 * 1024;

    [Fact(Timeout = Watchdog)]
    public async Task A_connection_serves_one_request_after_the_other()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", (HttpContext context) => context.Connection.Id));
        using var client = await server.ConnectAsync();
        var answers = new HashSet<string>();
        for (var request = 0; request < 100; request++)
        {
            await client.SendTextAsync(Get);
            answers.Add((await client.ReceiveUntilAsync("\r\n0\r\n\r\n")).Split("\r\n\r\n")[1]);
        }

        Assert.Single(answers);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Requests_sent_together_are_answered_in_their_order()
    {
        const int Count = 200;
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/{number}", (string number) => $"<{number}>"));
        var requests = string.Concat(Enumerable.Range(0, Count).Select(number => Get.Replace("/ ", $"/{number} ", StringComparison.Ordinal)));
        using var client = await server.SendAsync(requests);
        var answers = await client.ReceiveUntilAsync("\r\n0\r\n\r\n", Count);
        Assert.Equal(
            Enumerable.Range(0, Count).Select(number => $"<{number}>"),
            answers.Split("\r\n").Where(line => line.StartsWith('<')));
    }

    [Theory(Timeout = Watchdog)]
    [InlineData("/await")]
    [InlineData("/block")]
    public async Task An_answer_does_not_wait_for_that_to_the_request_sent_with_it(string path)
    {
        using var release = new ManualResetEventSlim();
        var signal = NewSignal();
        await using var server = await WebServer.StartAsync(OnNetKit, app =>
        {
            app.MapGet("/", () => "first");
            app.MapGet("/await", async () =>
            {
                await signal.Task;
                return "second";
            });
            app.MapGet("/block", () => release.Wait(Eventually.Bound) ? "second" : "forgotten");
        });
        using var client = await server.ConnectAsync();
        for (var round = 0; round < 2; round++)
        {
            // The second time around the requests are read where their arrival is seen, and not where the connection began.
            await client.SendTextAsync(Get + Get.Replace("/ ", path + " ", StringComparison.Ordinal));
            Assert.Contains("first", await client.ReceiveUntilAsync("\r\n0\r\n\r\n"), StringComparison.Ordinal);
            release.Set();
            signal.TrySetResult();
            Assert.Contains("second", await client.ReceiveUntilAsync("\r\n0\r\n\r\n"), StringComparison.Ordinal);
            release.Reset();
            signal = NewSignal();
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Answers_do_not_wait_for_the_rest_of_a_request_that_came_with_theirs()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", () => "whole"));
        using var client = await server.ConnectAsync();
        var rest = "";
        foreach (var cut in new[] { 1, 10, Get.Length - 1 })
        {
            await client.SendTextAsync(rest + Get + Get + Get[..cut]);
            await client.ReceiveUntilAsync("\r\n0\r\n\r\n", rest.Length == 0 ? 2 : 3);
            rest = Get[cut..];
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Answers_too_large_to_be_gathered_arrive_to_the_bit()
    {
        const int Count = 20;
        var sent = Payload.Random(200_000);
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/{size}", (HttpContext context, int size) =>
        {
            context.Response.ContentLength = size;
            return context.Response.Body.WriteAsync(sent.AsMemory(0, size)).AsTask();
        }));
        var sizes = Enumerable.Range(0, Count).Select(number => number % 3 == 0 ? 150_000 + number : 100 * number).ToArray();
        using var client = await server.SendAsync(string.Concat(sizes.Select(size => Get.Replace("/ ", $"/{size} ", StringComparison.Ordinal))));
        using var answers = new NetworkStream(client);
        foreach (var size in sizes)
        {
            await SkipHeadAsync(answers);
            var received = new byte[size];
            await answers.ReadExactlyAsync(received).AsTask().Within();
            Assert.True(received.AsSpan().SequenceEqual(sent.AsSpan(0, size)));
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_request_that_comes_byte_by_byte_is_understood()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", () => "whole"));
        using var client = await server.ConnectAsync();
        foreach (var letter in Get)
        {
            await client.SendTextAsync(letter.ToString());
        }

        Assert.Contains("whole", await client.ReceiveUntilAsync("\r\n0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_large_upload_in_chunks_arrives_to_the_bit()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapPost("/", (Delegate)HashAsync), Unlimited);
        using var client = server.CreateClient();
        var sent = Payload.Random(Large);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StreamContent(new MemoryStream(sent)) };
        request.Headers.TransferEncodingChunked = true;
        using var answer = await client.SendAsync(request).Within();
        Assert.Equal(Convert.ToHexString(SHA256.HashData(sent)), await answer.Content.ReadAsStringAsync());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_large_upload_of_known_length_arrives_to_the_bit()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapPost("/", (Delegate)HashAsync), Unlimited);
        using var client = server.CreateClient();
        var sent = Payload.Random(Large, seed: 2);
        using var answer = await client.PostAsync("/", new ByteArrayContent(sent)).Within();
        Assert.Equal(Convert.ToHexString(SHA256.HashData(sent)), await answer.Content.ReadAsStringAsync());
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(1_000)]
    [InlineData(100_000)]
    [InlineData(5_000_000)]
    public async Task A_large_download_arrives_to_the_bit(int writeSize)
    {
        var sent = Payload.Random(Large);
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", async (HttpContext context) =>
        {
            for (var start = 0; start < sent.Length; start += writeSize)
            {
                await context.Response.Body.WriteAsync(sent.AsMemory(start, Math.Min(writeSize, sent.Length - start)));
            }
        }));
        using var client = server.CreateClient();
        var received = await client.GetByteArrayAsync("/").Within();
        Assert.True(received.AsSpan().SequenceEqual(sent));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_client_that_does_not_read_holds_up_the_writer_and_gets_all_in_the_end()
    {
        var sent = Payload.Large;
        var written = 0;
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", async (HttpContext context) =>
        {
            context.Response.ContentLength = sent.Length;
            for (; written < sent.Length; written += 65_536)
            {
                await context.Response.Body.WriteAsync(sent.Slice(written, 65_536));
            }
        }), Unhurried);
        using var client = await server.SendAsync(Get);
        var seen = 0;
        await Eventually.True(() => seen > 0 & seen == (seen = Volatile.Read(ref written)), "the writer was never held up");
        Assert.True(seen < sent.Length, "all was taken from the writer, and nobody read it");
        using var answer = new NetworkStream(client);
        await answer.ReadExactlyAsync(new byte[await HeadLengthAsync(client)]).AsTask().Within();
        var received = new byte[sent.Length];
        await answer.ReadExactlyAsync(received).AsTask().Within();
        Assert.True(received.AsSpan().SequenceEqual(sent.Span));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_client_that_asks_first_is_told_to_continue()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapPost("/", (Delegate)HashAsync));
        using var client = await server.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        await client.ReceiveUntilAsync("HTTP/1.1 100 Continue\r\n\r\n");
        await client.SendTextAsync("body");
        Assert.Contains(Convert.ToHexString(SHA256.HashData("body"u8)), await client.ReceiveUntilAsync("\r\n0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_connection_that_is_to_be_closed_ends_after_its_answer()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", () => "bye"));
        using var client = await server.SendAsync(Get.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal));
        Assert.Contains("bye", await client.ReceiveToEndAsync(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_connection_that_stays_silent_is_closed_in_time()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", () => "once"), kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(1);
        });
        using var client = await server.SendAsync(Get);
        Assert.Contains("once", await client.ReceiveToEndAsync(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_request_that_makes_no_sense_is_answered_so()
    {
        await using var server = await WebServer.StartAsync(OnNetKit);
        using var client = await server.SendAsync("nonsense\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400", await client.ReceiveToEndAsync(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_handler_that_blocks_its_thread_holds_up_nobody_else()
    {
        using var release = new ManualResetEventSlim();
        await using var server = await WebServer.StartAsync(OnNetKit, app =>
        {
            app.MapGet("/", () => "quick");
            app.MapGet("/block", () => release.Wait(Eventually.Bound) ? "released" : "forgotten");
        });
        using var client = server.CreateClient();
        var blocked = Enumerable.Range(0, 4).Select(_ => client.GetStringAsync("/block")).ToArray();
        for (var request = 0; request < 20; request++)
        {
            Assert.Equal("quick", await client.GetStringAsync("/").Within());
        }

        release.Set();
        Assert.All(await Task.WhenAll(blocked).Within(), answer => Assert.Equal("released", answer));
    }

    private static async Task<string> HashAsync(HttpContext context) =>
        Convert.ToHexString(await SHA256.HashDataAsync(context.Request.Body));

    private static async Task<int> HeadLengthAsync(Socket client)
    {
        var buffer = new byte[1024];
        await client.ReceiveAsync(buffer.AsMemory(), SocketFlags.Peek).Within();
        return buffer.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
    }

    private static async Task SkipHeadAsync(Stream answers)
    {
        var head = new List<byte>();
        var next = new byte[1];
        while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            await answers.ReadExactlyAsync(next).AsTask().Within();
            head.Add(next[0]);
        }
    }

    private static void Unhurried(KestrelServerOptions kestrel)
    {
        kestrel.Listen(IPAddress.Loopback, 0);
        kestrel.Limits.MinResponseDataRate = null;
    }

    private static void Unlimited(KestrelServerOptions kestrel)
    {
        kestrel.Listen(IPAddress.Loopback, 0);
        kestrel.Limits.MaxRequestBodySize = null;
    }
}
