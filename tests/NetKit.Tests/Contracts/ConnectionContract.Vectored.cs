using System.Buffers;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

// A sequence of buffers is written as one write.
public abstract partial class ConnectionContract
{
    [Theory(Timeout = Watchdog)]
    [InlineData(2, 100)]
    [InlineData(9, 1000)]
    [InlineData(33, 33)]
    [InlineData(2000, 10_000)]
    [InlineData(64, 16 << 20)]
    public async Task A_sequence_arrives_as_if_it_were_one_buffer(int segments, int length)
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var sent = Payload.Large[..length];
        var received = Peer.ReceiveBeginningOfAsync(server, sent);
        await client.WriteAsync(Sequences.Cut(sent, segments));
        await client.CompleteWritesAsync();
        Assert.Equal(length, await received);
    }

    [Fact(Timeout = Watchdog)]
    public async Task An_empty_sequence_sends_nothing()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await client.WriteAsync(ReadOnlySequence<byte>.Empty);
        await client.WriteAsync(Sequences.Of(ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty));
        await client.WriteAsync(new ReadOnlySequence<byte>([1]));
        await client.CompleteWritesAsync();
        Assert.Equal([1], await Peer.ReadToEndAsync(server));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_sequence_of_memory_without_arrays_arrives()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        using var native = new ArraylessMemory(10_000);
        native.GetSpan().Fill(0x5A);
        await client.WriteAsync(Sequences.Of(new byte[] { 1 }, native.Memory, new byte[] { 2 }, native.Memory));
        await client.CompleteWritesAsync();
        byte[] expected = [1, .. native.GetSpan(), 2, .. native.GetSpan()];
        Assert.Equal(expected, await Peer.ReadToEndAsync(server));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_sequence_after_its_deadline_sends_nothing()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.WriteDeadline = Past;
        Assert.Equal(0, (await Fails.AtDeadline(client.WriteAsync(Sequences.Of(new byte[1], new byte[1])))).BytesTransferred);
        client.WriteDeadline = Deadline.None;
        await client.CompleteWritesAsync();
        Assert.Equal(0, await server.ReadAsync(new byte[1]));
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_sequence_that_timed_out_can_go_on_from_its_count()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var sequence = Sequences.Cut(Payload.Large, 1000);
        client.WriteDeadline = Deadline.After(s_second, time);
        var write = client.WriteAsync(sequence).AsTask();
        await Waiting.StillWaits(write);
        time.Advance(s_second);
        var taken = (await Fails.AtDeadline(write)).BytesTransferred;
        client.WriteDeadline = Deadline.None;
        if (!WritesSurviveATimeout)
        {
            await AssertOnlyWritesAreOverAsync(client, server);
            return;
        }

        var received = Peer.ReceiveBeginningOfAsync(server, Payload.Large);
        await client.WriteAsync(sequence.Slice(taken));
        await client.CompleteWritesAsync();
        Assert.Equal(Payload.Large.Length, await received);
    }

    [Fact(Timeout = Watchdog)]
    public async Task A_token_ends_a_sequence_that_waits()
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        using var source = new CancellationTokenSource();
        var write = client.WriteAsync(Sequences.Cut(Payload.Large, 10), source.Token).AsTask();
        await Waiting.StillWaits(write);
        await source.CancelAsync();
        await Fails.ByToken(write, source.Token);
    }
}
