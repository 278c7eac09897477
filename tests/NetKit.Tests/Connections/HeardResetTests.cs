using System.Net.Sockets;

namespace NetKit.Tests.Connections;

/// <summary>The system tells of a reset once. When it told a write, a read must not take it for a clean end.</summary>
public sealed class HeardResetTests
{
    public static TheoryData<SocketEngine> Engines =>
        OperatingSystem.IsLinux() ? [SocketEngine.Polling, SocketEngine.Portable] : [SocketEngine.Portable];

    [Theory(Timeout = Waiting.Watchdog)]
    [MemberData(nameof(Engines))]
    public Task A_reset_that_a_write_heard_of_is_no_end_to_a_read(SocketEngine engine) =>
        AssertNoEndAsync(engine, static connection => connection.WriteAsync(new byte[1]));

    [Theory(Timeout = Waiting.Watchdog)]
    [MemberData(nameof(Engines))]
    public Task A_reset_that_a_write_of_several_buffers_heard_of_is_no_end_to_a_read(SocketEngine engine) =>
        AssertNoEndAsync(engine, static connection => connection.WriteAsync(Sequences.Of(new byte[1], new byte[1])));

    [Theory(Timeout = Waiting.Watchdog)]
    [MemberData(nameof(Engines))]
    public async Task A_reset_while_a_write_waits_for_room_and_a_read_for_data_is_one_for_both(SocketEngine engine)
    {
        // Which of the two the system tells is for it to choose: again and again, so that it is both.
        for (var attempt = 0; attempt < 50; attempt++)
        {
            using var pair = SocketPair.Tcp();
            await using var connection = Connection.FromSocket(pair.First, new SocketOptions { Engine = engine });
            var writing = Peer.FloodAsync(connection);
            var reading = connection.ReadAsync(new byte[1]).AsTask();
            await Waiting.Until(() => pair.Second.Available > 0);

            pair.Second.Close(timeout: 0);

            await Fails.AsReset(reading.Within());
            await Fails.AsReset(writing.Within());
        }
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [MemberData(nameof(Engines))]
    public async Task The_end_of_a_peer_that_has_no_room_for_a_write_is_read_at_once(SocketEngine engine)
    {
        using var pair = SocketPair.Tcp();
        await using var connection = Connection.FromSocket(pair.First, new SocketOptions { Engine = engine });
        var writing = Peer.FloodAsync(connection);
        pair.Second.Shutdown(SocketShutdown.Send);

        Assert.Equal(0, await connection.ReadAsync(new byte[1]).Within());

        Assert.False(writing.IsCompleted);
        pair.Second.Close(timeout: 0);
        await Fails.AsReset(writing.Within());
    }

    private static async Task AssertNoEndAsync(SocketEngine engine, Func<Connection, ValueTask> write)
    {
        using var pair = SocketPair.Tcp();
        await using var connection = Connection.FromSocket(pair.First, new SocketOptions { Engine = engine });
        pair.Second.Close(timeout: 0);
        await Fails.AsReset(WriteOnAsync(connection, write).Within());
        await Fails.AsReset(connection.ReadAsync(new byte[1]).AsTask().Within());
    }

    private static async Task WriteOnAsync(Connection connection, Func<Connection, ValueTask> write)
    {
        while (true)
        {
            await write(connection);
        }
    }
}
