using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NetKit.Tests.Hosting.Transport;

// A connection as a handler sees it that speaks no HTTP.
public abstract partial class TransportContract
{
    [Fact(Timeout = Watchdog)]
    public async Task A_connection_has_the_features_that_handlers_look_for()
    {
        var checkedAll = NewSignal();
        await using var server = await ServeAsync(connection =>
        {
            try
            {
                var features = connection.Features;
                Assert.Equal(connection.ConnectionId, features.Get<IConnectionIdFeature>()?.ConnectionId);
                Assert.Same(connection.Transport, features.Get<IConnectionTransportFeature>()?.Transport);
                Assert.Same(connection.Items, features.Get<IConnectionItemsFeature>()?.Items);
                Assert.Equal(connection.ConnectionClosed, features.Get<IConnectionLifetimeFeature>()?.ConnectionClosed);
                if (OnNetKit)
                {
                    // Kestrel's own has it, and forgets to fill it.
                    Assert.Equal(connection.RemoteEndPoint, features.Get<IConnectionEndPointFeature>()?.RemoteEndPoint);
                    Assert.Equal(connection.LocalEndPoint, features.Get<IConnectionEndPointFeature>()?.LocalEndPoint);
                }

                Assert.Equal(connection.RemoteEndPoint, features.Get<IConnectionSocketFeature>()?.Socket.RemoteEndPoint);
                Assert.NotNull(features.Get<IMemoryPoolFeature>()?.MemoryPool);
                Assert.NotNull(features.Get<IConnectionLifetimeNotificationFeature>());
                Assert.NotNull(features.Get<IConnectionHeartbeatFeature>());
                Assert.Null(features.Get<IConnectionUserFeature>());
                var revision = features.Revision;
                features.Set<IConnectionItemsFeature>(null);
                Assert.Null(features.Get<IConnectionItemsFeature>());
                Assert.NotEqual(revision, features.Revision);
                Assert.Contains(features, feature => feature.Key == typeof(IConnectionIdFeature));
                Assert.DoesNotContain(features, feature => feature.Key == typeof(IConnectionItemsFeature));
                checkedAll.SetResult();
            }
            catch (Exception exception)
            {
                checkedAll.SetException(exception);
            }

            return Task.CompletedTask;
        });
        using var client = await server.ConnectAsync();
        await checkedAll.Task.Within();
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_handler_may_answer_after_the_peer_has_finished_sending()
    {
        await using var server = await ServeAsync(async connection =>
        {
            var all = await connection.Transport.Input.ReadAtLeastAsync(1_000_000);
            await connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes($"{all.Buffer.Length} {all.IsCompleted}"));
            connection.Transport.Input.AdvanceTo(all.Buffer.End);
        });
        using var client = await server.SendAsync("twelve bytes");
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("12 True", await client.ReceiveToEndAsync());
    }

    [Fact(Timeout = Watchdog)]
    public async Task What_was_written_and_never_flushed_is_sent_when_the_output_is_completed()
    {
        await using var server = await ServeAsync(async connection =>
        {
            connection.Transport.Output.Write(new byte[100_000]);
            await connection.Transport.Output.CompleteAsync();
        });
        using var client = await server.ConnectAsync();
        Assert.Equal(100_000, (await client.ReceiveToEndAsync()).Length);
    }

    [Fact(Timeout = Watchdog)]
    public async Task An_abort_fails_the_reader_with_its_reason_and_tells_the_writer_that_nobody_reads()
    {
        var reason = new ConnectionAbortedException("enough");
        var seen = new TaskCompletionSource<(Exception, bool)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ServeAsync(async connection =>
        {
            var begun = await connection.Transport.Input.ReadAsync();
            connection.Transport.Input.AdvanceTo(begun.Buffer.End);
            var reading = connection.Transport.Input.ReadAsync();
            connection.Abort(reason);
            var exception = await Record.ExceptionAsync(async () => await reading);
            await Eventually.True(() => connection.ConnectionClosed.IsCancellationRequested, "the token told nobody");
            var isCompleted = false;
            await Eventually.True(() => isCompleted |= connection.Transport.Output.WriteAsync(new byte[1]).AsTask().GetAwaiter().GetResult().IsCompleted, "writing went on");
            seen.SetResult((exception!, isCompleted));
        });
        using var client = await server.SendAsync("begin");
        var (failure, isCompleted) = await seen.Task.Within();
        Assert.Same(reason, failure);
        Assert.True(isCompleted);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_reset_by_the_peer_is_told_to_the_reader_as_such()
    {
        var seen = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = NewSignal();
        await using var server = await ServeAsync(async connection =>
        {
            var reading = connection.Transport.Input.ReadAsync();
            entered.SetResult();
            seen.SetResult(await Record.ExceptionAsync(async () => await reading));
        });
        var client = await server.ConnectAsync();
        await entered.Task.Within();
        client.Reset();
        Assert.IsType<ConnectionResetException>(await seen.Task.Within());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_read_that_is_cancelled_loses_nothing()
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = NewSignal();
        await using var server = await ServeAsync(async connection =>
        {
            var input = connection.Transport.Input;
            var reading = input.ReadAsync();
            input.CancelPendingRead();
            var result = await reading;
            Assert.True(result.IsCanceled);
            input.AdvanceTo(result.Buffer.End);
            using var impatience = new CancellationTokenSource();
            var other = input.ReadAsync(impatience.Token).AsTask();
            await impatience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
            cancelled.SetResult();
            result = await input.ReadAsync();
            seen.SetResult(Encoding.ASCII.GetString(result.Buffer.ToArray()));
            input.AdvanceTo(result.Buffer.End);
        });
        using var client = await server.ConnectAsync();
        await cancelled.Task.Within();
        await client.SendTextAsync("all of it");
        Assert.Equal("all of it", await seen.Task.Within());
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_peer_that_finishes_is_told_by_the_token_also_while_nobody_reads()
    {
        var (entered, closed) = (NewSignal(), NewSignal());
        await using var server = await ServeAsync(async connection =>
        {
            var result = await connection.Transport.Input.ReadAsync();
            connection.Transport.Input.AdvanceTo(result.Buffer.End);
            await using var registration = connection.ConnectionClosed.Register(closed.SetResult);
            entered.SetResult();
            await closed.Task;
        });
        using var client = await server.SendAsync("begin");
        await entered.Task.Within();
        client.Shutdown(SocketShutdown.Send);
        await closed.Task.Within();
    }

    private Task<WebServer> ServeAsync(Func<ConnectionContext, Task> handler) => WebServer.StartAsync(
        OnNetKit, configure: kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Run(connection => handler(connection))));
}
