using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace NetKit.Tests.Hosting.Transport;

// A transport may gather what it sends while the client has sent more. Nobody must notice: each of these clients has, and waits.
public abstract partial class TransportContract
{
    [Fact(Timeout = Watchdog)]
    public async Task Each_event_arrives_before_the_next_though_another_request_waits_behind()
    {
        using var next = new SemaphoreSlim(0);
        await using var server = await WebServer.StartAsync(OnNetKit, app =>
        {
            app.MapGet("/", () => "after");
            app.MapGet("/events", async (HttpContext context) =>
            {
                context.Response.ContentType = "text/event-stream";
                for (var number = 0; number < 5; number++)
                {
                    await context.Response.WriteAsync($"data: {number}\n\n");
                    await context.Response.Body.FlushAsync();
                    await next.WaitAsync();
                }
            });
        });
        using var client = await server.SendAsync(Get.Replace("/ ", "/events ", StringComparison.Ordinal) + Get);
        for (var number = 0; number < 5; number++)
        {
            await client.ReceiveUntilAsync($"data: {number}\n\n");
            next.Release();
        }

        await client.ReceiveUntilAsync("after\r\n0\r\n\r\n");
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_WebSocket_says_hello_though_the_client_has_spoken_before_it_was_accepted()
    {
        var heard = NewSignal();
        await using var server = await WebServer.StartAsync(OnNetKit, app =>
        {
            app.UseWebSockets();
            app.Map("/", async (HttpContext context) =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                await heard.Task;
                await EchoAllAsync(socket);
            });
        });
        const string Upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

        // A message of one byte, masked with zeros.
        byte[] sent = [.. Encoding.ASCII.GetBytes(Upgrade), 0x81, 0x81, 0, 0, 0, 0, (byte)'a'];
        using var client = await server.ConnectAsync();
        await client.SendAsync(sent.AsMemory()).Within();
        await client.ReceiveUntilAsync("hello");
        heard.SetResult();
        await client.ReceiveUntilAsync("a");
    }

    [Fact(Timeout = Watchdog)]
    public async Task All_answers_arrive_before_the_end_that_the_last_request_asked_for()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", () => "whole"));
        var last = Get.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal);

        // What comes after that request is not answered, but there is more to read.
        using var client = await server.SendAsync(string.Concat(Enumerable.Repeat(Get, 30)) + last + Get[..10]);
        Assert.Equal(31, (await client.ReceiveToEndAsync()).Split("whole").Length - 1);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Answers_arrive_before_the_end_when_the_server_stops()
    {
        var (entered, release) = (NewSignal(), NewSignal());
        await using var server = await WebServer.StartAsync(OnNetKit, app =>
        {
            app.MapGet("/", () => "first");
            app.MapGet("/last", async () =>
            {
                entered.SetResult();
                await release.Task;
                return "last";
            });
        });
        using var client = await server.SendAsync(Get + Get + Get.Replace("/ ", "/last ", StringComparison.Ordinal));
        await entered.Task.Within();
        var stopping = server.StopAsync();
        await client.ReceiveUntilAsync("first", times: 2);
        release.SetResult();
        Assert.Contains("last", await client.ReceiveToEndAsync(), StringComparison.Ordinal);
        await stopping.Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task Requests_sent_together_under_TLS_are_answered_while_one_of_them_waits()
    {
        const int Count = 50;
        var release = NewSignal();
        await using var server = await WebServer.StartAsync(
            OnNetKit,
            app =>
            {
                app.MapGet("/", () => "quick");
                app.MapGet("/slow", async () =>
                {
                    await release.Task;
                    return "slow";
                });
            },
            Endpoint(tls: true, "1.1"));
        using var socket = await server.ConnectAsync();
        await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false, Certificates.IsLocalhost);
        await tls.AuthenticateAsClientAsync("localhost").Within();
        var many = string.Concat(Enumerable.Repeat(Get, Count));
        await tls.WriteAsync(Encoding.ASCII.GetBytes(many + Get.Replace("/ ", "/slow ", StringComparison.Ordinal) + many)).AsTask().Within();
        await ReceiveUntilAsync("quick", Count);
        release.SetResult();
        await ReceiveUntilAsync("slow", 1);
        await ReceiveUntilAsync("quick", Count);

        async Task ReceiveUntilAsync(string text, int times)
        {
            var received = "";
            var buffer = new byte[1024];
            while (received.Split(text).Length <= times)
            {
                // No more than that belongs to this part.
                var count = await tls.ReadAsync(buffer.AsMemory(0, 1)).AsTask().Within();
                Assert.Equal(1, count);
                received += (char)buffer[0];
            }
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task What_a_connection_handler_flushes_arrives_while_it_waits_for_something_else()
    {
        var release = NewSignal();
        await using var server = await WebServer.StartAsync(OnNetKit, configure: kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Run(async connection =>
        {
            for (var round = 0; round < 3; round++)
            {
                // Leaves half of what came, and answers it before the rest of it is looked at.
                var result = await connection.Transport.Input.ReadAtLeastAsync(2);
                connection.Transport.Input.AdvanceTo(result.Buffer.GetPosition(1));
                await connection.Transport.Output.WriteAsync(new[] { (byte)('0' + round) });
                await release.Task;
                result = await connection.Transport.Input.ReadAsync();
                connection.Transport.Input.AdvanceTo(result.Buffer.GetPosition(1));
                release = NewSignal();
                await connection.Transport.Output.WriteAsync("!"u8.ToArray());
            }
        })));
        using var client = await server.ConnectAsync();
        for (var round = 0; round < 3; round++)
        {
            var current = release;
            await client.SendTextAsync("ab");
            await client.ReceiveUntilAsync($"{round}");
            current.SetResult();
            await client.ReceiveUntilAsync("!");
        }
    }

    private static async Task EchoAllAsync(WebSocket socket)
    {
        var buffer = new byte[100];
        while (await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } part)
        {
            await socket.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, CancellationToken.None);
        }
    }
}
