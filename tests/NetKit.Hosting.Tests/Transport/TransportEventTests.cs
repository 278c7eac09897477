using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace NetKit.Tests.Hosting.Transport;

/// <summary>What traces and instruments are told of Kestrel's connections.</summary>
public sealed class TransportEventTests
{
    [Theory(Timeout = 120_000)]
    [InlineData("completed")]
    [InlineData("lost")]
    [InlineData("aborted")]
    public async Task A_connection_is_told_of_from_its_start_to_its_stop_with_how_it_ended(string outcome)
    {
        using var events = new Stops();
        var began = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await WebServer.StartAsync(onNetKit: true, configure: kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Run(async connection =>
            {
                began.SetResult(connection.ConnectionId);
                if (outcome == "aborted")
                {
                    await connected.Task; // earlier, the client may be told of it by its connect
                    connection.Abort();
                    return;
                }

                try
                {
                    await connection.Transport.Input.ReadAsync();
                }
                catch (ConnectionResetException)
                {
                }
            })));
        using var client = await server.ConnectAsync();
        connected.SetResult();
        var id = await began.Task.Within();
        if (outcome == "lost")
        {
            client.Close(timeout: 0);
        }
        else if (outcome == "completed")
        {
            client.Shutdown(SocketShutdown.Send);
        }

        await Eventually.True(() => events.OutcomeOf.ContainsKey(id), "ConnectionStop");
        Assert.Equal(outcome, events.OutcomeOf[id]);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_client_of_HTTP_that_finishes_after_its_answer_completed_its_connection()
    {
        using var events = new Stops();
        var ids = new ConcurrentQueue<string>();
        await using var server = await WebServer.StartAsync(onNetKit: true, app => app.MapGet("/", (HttpContext context) =>
        {
            ids.Enqueue(context.Connection.Id);
            return "here";
        }));
        for (var i = 0; i < 20; i++)
        {
            using var client = await server.SendAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            await client.ReceiveUntilAsync("here\r\n0\r\n\r\n");
        }

        foreach (var id in ids)
        {
            await Eventually.True(() => events.OutcomeOf.ContainsKey(id), "ConnectionStop");
            Assert.Equal("completed", events.OutcomeOf[id]);
        }
    }

    private sealed class Stops : EventListener
    {
        public ConcurrentDictionary<string, string> OutcomeOf { get; } = new();

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == NetKitDiagnostics.EventSourceName)
            {
                EnableEvents(eventSource, EventLevel.Informational, (EventKeywords)0x2);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName == "ConnectionStop")
            {
                OutcomeOf[(string)eventData.Payload![0]!] = (string)eventData.Payload[1]!;
            }
        }
    }
}
