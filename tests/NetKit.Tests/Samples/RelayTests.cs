using NetKit.Samples;

namespace NetKit.Tests.Samples;

// Alone, because the whole process's memory is measured.
[Collection(nameof(Alone))]
public sealed class RelayTests
{
    private const int Messages = 3_000;

    // The first is to warm up. What else the process does can only add, so one good round is proof.
    private const int MostRounds = 8;

    public static TheoryData<Transport> Transports => TestListener.All;

    [Theory(Timeout = Waiting.Watchdog)]
    [MemberData(nameof(Transports))]
    public async Task What_each_side_sends_comes_to_the_other_whole_and_then_its_end(Transport transport)
    {
        await using var relayed = await RelayedPair.CreateAsync(transport);
        var (up, down) = (Payload.Random(3_000_000, seed: 1), Payload.Random(2_000_000, seed: 2));

        var sending = Task.WhenAll(SendAllAsync(relayed.Client, up), SendAllAsync(relayed.Server, down));
        var received = await Task.WhenAll(Peer.ReadToEndAsync(relayed.Server), Peer.ReadToEndAsync(relayed.Client)).Within();
        await sending.Within();

        Assert.True(up.AsSpan().SequenceEqual(received[0]));
        Assert.True(down.AsSpan().SequenceEqual(received[1]));
        Assert.Null(await relayed.End.Within());
        Assert.Equal((up.Length, down.Length), (relayed.Sent.Total, relayed.Received.Total));
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [MemberData(nameof(Transports))]
    public async Task After_the_end_of_one_direction_the_other_goes_on(Transport transport)
    {
        await using var relayed = await RelayedPair.CreateAsync(transport);
        await relayed.Client.WriteAsync("question"u8.ToArray());
        await relayed.Client.CompleteWritesAsync();
        Assert.Equal("question"u8.ToArray(), await Peer.ReadToEndAsync(relayed.Server).Within());

        for (byte value = 0; value < 100; value++)
        {
            await relayed.Server.WriteAsync(new[] { value });
            Assert.Equal(value, await Talk.ReadByteAsync(relayed.Client));
        }

        Assert.False(relayed.End.IsCompleted);
        await relayed.Server.CompleteWritesAsync();
        Assert.Equal(-1, await Talk.ReadByteAsync(relayed.Client));
        Assert.Null(await relayed.End.Within());
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(Transport.Tcp, true)]
    [InlineData(Transport.Tcp, false)]
    [InlineData(Transport.Memory, true)]
    [InlineData(Transport.Memory, false)]
    public async Task A_reset_of_one_side_is_a_reset_for_the_other(Transport transport, bool client)
    {
        await using var relayed = await RelayedPair.CreateAsync(transport);
        await relayed.AssertTalks();
        var (resetting, other) = client ? (relayed.Client, relayed.Server) : (relayed.Server, relayed.Client);
        var reading = other.ReadAsync(new byte[1]).AsTask();

        resetting.Abort();

        await Fails.AsReset(reading.Within());
        Assert.Equal(ConnectionError.Reset, (await relayed.End.Within())?.Error);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_reset_by_a_side_that_had_finished_comes_through_with_the_next_data()
    {
        await using var relayed = await RelayedPair.CreateAsync(Transport.Tcp);
        await relayed.Client.CompleteWritesAsync();
        Assert.Equal(-1, await Talk.ReadByteAsync(relayed.Server));
        relayed.Client.Abort();

        var writing = Peer.FloodAsync(relayed.Server);

        Assert.Equal(ConnectionError.Reset, (await relayed.End.Within())?.Error);
        await Fails.AsReset(writing.Within());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_reader_that_stops_stops_the_sender()
    {
        await using var relayed = await RelayedPair.CreateAsync(Transport.Memory);

        var sending = SendAllAsync(relayed.Client, Payload.Large);

        await Waiting.StillWaits(sending);
        Assert.InRange(relayed.Sent.Total, 0, 2 * Relay.BufferSize);
        Assert.Equal(Payload.Large.Length, await Peer.ReceiveBeginningOfAsync(relayed.Server, Payload.Large).Within());
        await sending.Within();
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Relays_that_wait_hold_no_buffers()
    {
        const int Count = 200;
        var relays = new List<RelayedPair>();
        try
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            for (var index = 0; index < Count; index++)
            {
                relays.Add(await RelayedPair.CreateAsync(Transport.Memory));
                await relays[^1].AssertTalks();
            }

            // What the pool keeps for the next is for all of them together.
            var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
            Assert.InRange(each, 0, Relay.BufferSize / 4);
        }
        finally
        {
            foreach (var relay in relays)
            {
                await relay.DisposeAsync();
            }
        }
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [MemberData(nameof(Transports))]
    public async Task A_message_through_the_relay_allocates_nothing(Transport transport)
    {
        await using var relayed = await RelayedPair.CreateAsync(transport);
        var (message, answer) = (new byte[64], new byte[64]);
        var echo = relayed.Server.CopyToAsync(relayed.Server);
        var least = long.MaxValue;
        for (var round = 0; round < MostRounds && least >= Messages; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var index = 0; index < Messages; index++)
            {
                await relayed.Client.WriteAsync(message);
                await relayed.Client.ReadExactlyAsync(answer);
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.True(least < Messages, $"{(double)least / Messages} bytes a message.");
        await relayed.Client.CompleteWritesAsync();
        await echo.Within();
    }

    private static async Task SendAllAsync(Connection connection, ReadOnlyMemory<byte> data)
    {
        await connection.WriteAsync(data);
        await connection.CompleteWritesAsync();
    }
}
