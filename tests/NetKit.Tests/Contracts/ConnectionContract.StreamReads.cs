using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests;

// However Stream is asked to read, the rules are the same.
public abstract partial class ConnectionContract
{
    public static TheoryData<ReadOverload> Reads => [.. Enum.GetValues<ReadOverload>()];

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Reads))]
    public async Task Every_read_gives_what_the_peer_sent(ReadOverload overload)
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        byte[] sent = [1, 2, 3, 4];
        var reading = overload.ReadAsync(client, sent.Length);
        await server.WriteAsync(sent);
        await server.CompleteWritesAsync();
        var received = await reading;
        Assert.NotEmpty(received);
        Assert.Equal(sent[..received.Length], received);
    }

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Reads))]
    public async Task Every_read_fails_once_its_deadline_has_passed_and_consumes_nothing(ReadOverload overload)
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await server.WriteAsync(new byte[] { 1, 2, 3, 4 });
        await client.UntilReadable();
        client.ReadDeadline = Past;
        await Fails.AtDeadline(overload.ReadAsync(client, 4));
        client.ReadDeadline = Deadline.None;
        Assert.Equal([1, 2, 3, 4], await Peer.ReadAsync(client, 4));
    }

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Reads))]
    public async Task Every_read_that_waits_ends_when_its_deadline_passes(ReadOverload overload)
    {
        var time = new FakeTimeProvider();
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.ReadDeadline = Deadline.After(s_second, time);
        var reading = overload.ReadAsync(client, 4);
        await Waiting.StillWaits(reading);
        time.Advance(s_second);
        await Fails.AtDeadline(reading);
        client.ReadDeadline = Deadline.None;
        await server.WriteAsync(new byte[] { 5 });
        Assert.Equal([5], await Peer.ReadAsync(client, 1));
    }

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Reads))]
    public async Task Every_read_is_bounded_by_the_read_timeout(ReadOverload overload)
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        client.ReadTimeout = 10;
        var started = Stopwatch.GetTimestamp();
        await Fails.AtDeadline(overload.ReadAsync(client, 4));
        AssertNotEarly(TimeSpan.FromMilliseconds(10), Stopwatch.GetElapsedTime(started));
        await server.WriteAsync(new byte[] { 5 });
        client.ReadTimeout = Timeout.Infinite;
        Assert.Equal([5], await Peer.ReadAsync(client, 1));
    }

    [Theory(Timeout = Watchdog)]
    [MemberData(nameof(Reads))]
    public async Task Every_read_that_waits_ends_with_the_close(ReadOverload overload)
    {
        await using var pair = await ConnectAsync();
        var client = pair.First;
        var reading = overload.ReadAsync(client, 4);
        await Waiting.StillWaits(reading);
        await client.DisposeAsync();
        await Fails.AsClosed(reading);
        await Fails.AsClosed(overload.ReadAsync(client, 4));
    }

    [Fact(Timeout = Watchdog)]
    public async Task The_end_is_0_or_minus_1_or_an_exception_as_Stream_has_it()
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        await server.CompleteWritesAsync();
        Assert.Equal(0, await client.ReadAsync(new byte[1]));
        Assert.Equal(0, await Waiting.OnThread(() => client.Read(new byte[1])));
        Assert.Equal(-1, await Waiting.OnThread(client.ReadByte));
        Assert.Equal(0, await client.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false));
        await Assert.ThrowsAsync<EndOfStreamException>(() => client.ReadExactlyAsync(new byte[1]).AsTask());
        await client.CopyToAsync(Stream.Null);
    }

    [Theory(Timeout = Watchdog)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Copying_takes_everything_until_the_end(bool blocking)
    {
        await using var pair = await ConnectAsync();
        var (client, server) = pair;
        var sent = Payload.Random(1 << 20);
        using var copy = new MemoryStream();
        var copying = blocking ? Waiting.OnThread(() => client.CopyTo(copy)) : client.CopyToAsync(copy);
        await server.WriteAsync(sent);
        await server.CompleteWritesAsync();
        await copying;
        Assert.True(copy.ToArray().AsSpan().SequenceEqual(sent));
    }
}
