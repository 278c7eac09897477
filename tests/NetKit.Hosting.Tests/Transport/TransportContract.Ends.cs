using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace NetKit.Tests.Hosting.Transport;

// Who leaves when, and who hears of it.
public abstract partial class TransportContract
{
    [Theory(Timeout = Watchdog)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_while_its_request_is_handled_is_noticed(bool byReset)
    {
        var (entered, aborted) = (NewSignal(), NewSignal());
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", async (HttpContext context) =>
        {
            entered.SetResult();
            await Noticed(context, aborted);
        }));
        var client = await server.SendAsync(Get);
        await entered.Task.Within();
        Leave(client, byReset);
        await aborted.Task.Within();
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_in_the_middle_of_its_answer_is_noticed(bool byReset)
    {
        var aborted = NewSignal();
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", async (HttpContext context) =>
        {
            var part = new byte[10_000];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(part);
            }

            aborted.SetResult();
        }));
        var client = await server.SendAsync(Get);
        _ = await client.ReceiveAsync(new byte[100].AsMemory()).Within();
        Leave(client, byReset);
        await aborted.Task.Within();
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_in_the_middle_of_its_request_is_noticed(bool byReset)
    {
        var (entered, failed) = (NewSignal(), new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapPost("/", async (HttpContext context) =>
        {
            entered.SetResult();
            try
            {
                await context.Request.Body.CopyToAsync(Stream.Null);
                failed.SetException(new InvalidOperationException("The body seemed whole."));
            }
            catch (Exception exception)
            {
                failed.SetResult(exception);
            }
        }));
        var client = await server.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nonly this");
        await entered.Task.Within();
        Leave(client, byReset);
        var failure = await failed.Task.Within();
        Assert.True(failure is IOException or OperationCanceledException, failure.ToString());
    }

    [Fact(Timeout = Watchdog)]
    public async Task Connections_that_were_left_leave_nothing_behind()
    {
        var ended = 0;
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", () => "hello"), kestrel =>
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, endpoint => endpoint.Use(next => async connection =>
            {
                try
                {
                    await next(connection);
                }
                finally
                {
                    Interlocked.Increment(ref ended);
                }
            })));
        for (var round = 0; round < 50; round++)
        {
            var client = await server.SendAsync(round % 3 == 0 ? Get[..10] : Get);
            if (round % 3 == 2)
            {
                await client.ReceiveUntilAsync("hello");
            }

            Leave(client, byReset: round % 2 == 0);
        }

        await Eventually.Equal(50, () => Volatile.Read(ref ended));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_client_that_has_its_answer_and_finishes_gets_an_end_and_no_reset()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", () => "here"));
        for (var i = 0; i < 50; i++)
        {
            using var client = await server.SendAsync(Get);
            await client.ReceiveUntilAsync("here\r\n0\r\n\r\n");
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal("", await client.ReceiveToEndAsync());
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_request_that_the_handler_aborts_resets_the_connection()
    {
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", (HttpContext context) => context.Abort()));
        using var client = await server.SendAsync(Get);
        var exception = await Assert.ThrowsAsync<SocketException>(() => client.ReceiveToEndAsync());
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_graceful_stop_lets_requests_finish_and_takes_no_more()
    {
        var (entered, go) = (NewSignal(), NewSignal());
        await using var server = await WebServer.StartAsync(OnNetKit, app => app.MapGet("/", async () =>
        {
            entered.TrySetResult();
            await go.Task;
            return "finished";
        }));
        var endPoint = server.EndPoint;
        using var idle = await server.ConnectAsync();
        using var client = await server.SendAsync(Get);
        await entered.Task.Within();
        var stopping = server.StopAsync();
        Assert.Equal("", await idle.ReceiveToEndAsync());
        using var late = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => late.ConnectAsync(endPoint));
        go.SetResult();
        Assert.Contains("finished", await client.ReceiveToEndAsync(), StringComparison.Ordinal);
        await stopping.Within();
    }

    private static async Task Noticed(HttpContext context, TaskCompletionSource aborted)
    {
        var gone = NewSignal();
        await using var registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
        aborted.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void Leave(Socket client, bool byReset)
    {
        if (byReset)
        {
            client.Reset();
        }
        else
        {
            client.Dispose();
        }
    }
}
