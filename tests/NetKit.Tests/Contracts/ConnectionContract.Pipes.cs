using System.Buffers;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

// The view for System.IO.Pipelines, under the same deadlines.
public abstract partial class ConnectionContract
{
    [Fact(Timeout = Watchdog)]
    public async Task Pipes_carry_bytes_both_ways()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = (pair.First.AsDuplexPipe(), pair.Second.AsDuplexPipe());
        Assert.Same(client, pair.First.AsDuplexPipe());
        var sent = Payload.Random(200_000);
        foreach (var (from, to) in new[] { (client, server), (server, client) })
        {
            var writing = from.Output.WriteAsync(sent).AsTask();
            var received = await to.Input.ReadAtLeastAsync(sent.Length);
            Assert.True(received.Buffer.ToArray().AsSpan().SequenceEqual(sent));
            to.Input.AdvanceTo(received.Buffer.End);
            await writing;
        }
    }

    [Fact(Timeout = Watchdog)]
    public async Task Deadlines_hold_through_pipes_and_the_pipe_goes_on()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.ReadDeadline = Deadline.After(s_second, time);
        var reading = client.AsDuplexPipe().Input.ReadAsync().AsTask();
        time.Advance(s_second);
        await Fails.AtDeadline(reading);
        client.ReadDeadline = Deadline.None;
        await server.WriteAsync(new byte[] { 1 });
        var result = await client.AsDuplexPipe().Input.ReadAsync();
        Assert.Equal([1], result.Buffer.ToArray());
    }

    [Fact(Timeout = Watchdog)]
    public async Task Completing_the_pipes_neither_ends_nor_closes_the_connection()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        pair.Run(Peer.EchoAsync(server));
        var pipe = client.AsDuplexPipe();
        await pipe.Output.CompleteAsync();
        await pipe.Input.CompleteAsync();
        await RoundtripAsync(client);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_pipe_reader_sees_the_end()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await server.WriteAsync(new byte[] { 1, 2 });
        await server.CompleteWritesAsync();
        var input = client.AsDuplexPipe().Input;
        var result = await input.ReadAtLeastAsync(3);
        Assert.True(result.IsCompleted);
        Assert.Equal([1, 2], result.Buffer.ToArray());
    }
}
