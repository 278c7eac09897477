using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

// However Stream is asked to write, the rules are the same.
public abstract partial class ConnectionContract
{
    // Enough to fill every transport, and not so much that blocking writes, which copy, are slow.
    private static readonly Lazy<byte[]> s_tooMuch = new(() => Payload.Random(24 << 20));

    public static TheoryData<WriteOverload> Writes => [.. Enum.GetValues<WriteOverload>()];

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Writes))]
    public async Task Every_write_reaches_the_peer_whole(WriteOverload overload)
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var received = Peer.ReceiveBeginningOfAsync(server, s_tooMuch.Value);
        await overload.WriteAsync(client, s_tooMuch.Value);
        await client.CompleteWritesAsync();
        Assert.Equal(s_tooMuch.Value.Length, await received);
    }

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Writes))]
    public async Task Every_write_fails_once_its_deadline_has_passed_and_sends_nothing(WriteOverload overload)
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.WriteDeadline = Past;
        Assert.Equal(0, (await Fails.AtDeadline(overload.WriteAsync(client, [1, 2, 3]))).BytesTransferred);
        client.WriteDeadline = Deadline.None;
        await client.WriteAsync(new byte[] { 4 });
        Assert.Equal([4], await Peer.ReadAsync(server, 1));
    }

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Writes))]
    public async Task Every_write_that_waits_ends_when_its_deadline_passes_and_counts(WriteOverload overload)
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.WriteDeadline = Deadline.After(s_second, time);
        var writing = overload.WriteAsync(client, s_tooMuch.Value);
        await Waiting.StillWaits(writing);
        time.Advance(s_second);
        var taken = (await Fails.AtDeadline(writing)).BytesTransferred;
        if (WritesSurviveATimeout)
        {
            client.WriteDeadline = Deadline.None;
            await client.CompleteWritesAsync();
            Assert.Equal(taken, await Peer.ReceiveBeginningOfAsync(server, s_tooMuch.Value));
        }
    }

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Writes))]
    public async Task Every_write_is_bounded_by_the_write_timeout(WriteOverload overload)
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        client.WriteTimeout = 10;
        var started = Stopwatch.GetTimestamp();
        await Fails.AtDeadline(overload.WriteAsync(client, s_tooMuch.Value));
        AssertNotEarly(TimeSpan.FromMilliseconds(10), Stopwatch.GetElapsedTime(started));
    }

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Writes))]
    public async Task Every_write_that_waits_ends_with_the_close(WriteOverload overload)
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var writing = overload.WriteAsync(client, s_tooMuch.Value);
        await Waiting.StillWaits(writing);
        var closing = client.DisposeAsync();
        await Fails.AsClosed(writing);
        await Fails.AsClosed(overload.WriteAsync(client, [1]));
        pair.Run(Peer.DrainAsync(pair.Second));
        await closing;
    }

    [Fact(Timeout = Watchdog)]
    public async Task Writing_a_single_byte_obeys_the_rules_too()
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await Waiting.OnThread(() => client.WriteByte(7));
        Assert.Equal([7], await Peer.ReadAsync(server, 1));
        client.WriteDeadline = Past;
        await Fails.AtDeadline(Waiting.OnThread(() => client.WriteByte(8)));

        client.WriteDeadline = Deadline.After(s_second, time);
        var first = WriteTooMuch(client);
        var second = Waiting.OnThread(() => client.WriteByte(9));
        await Waiting.StillWaits(second);
        time.Advance(s_second);
        await Fails.AtDeadline(first);
        Assert.Equal(0, (await Fails.AtDeadline(second)).BytesTransferred);
    }
}
