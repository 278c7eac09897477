using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NetKit.Tests.Connections;

/// <summary>What the kernel does at the edges, where a read that trusts its events could wait for ever or take a reset for an end.</summary>
public sealed class PolledConnectionTests
{
    private static readonly SocketOptions s_polled = new() { Engine = SocketEngine.Polling };

    public PolledConnectionTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has epoll.");

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Data_behind_urgent_data_is_read_too()
    {
        using var pair = SocketPair.Tcp();
        await using var connection = Connection.FromSocket(pair.First, s_polled);
        var buffer = new byte[16];
        var read = connection.ReadAsync(buffer);
        pair.Second.Send("a"u8);
        Assert.Equal(1, await read.Within());

        pair.Second.Send("bc"u8);
        pair.Second.Send("!"u8, SocketFlags.OutOfBand);
        pair.Second.Send("de"u8);
        Assert.Equal("bcde", await ReadTextAsync(connection, 4));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task The_end_is_read_though_it_came_with_the_data()
    {
        using var pair = SocketPair.Tcp();
        await using var connection = Connection.FromSocket(pair.First, s_polled);
        pair.Second.Send("last"u8);
        pair.Second.Shutdown(SocketShutdown.Send);
        Assert.Equal("last", await ReadTextAsync(connection, 4));
        Assert.Equal(0, await connection.ReadAsync(new byte[1]).Within());
        Assert.Equal(0, await connection.ReadAsync(new byte[1]).Within());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task An_accepted_connection_shows_its_endpoints_and_a_socket_made_when_asked_for()
    {
        await using var listener = ConnectionListener.Bind(
            new IPEndPoint(IPAddress.IPv6Any, 0), new ListenerOptions { Socket = s_polled });
        using var client = await Dial.SocketAsync(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndPoint).Port));
        var accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        Assert.Equal(client.LocalEndPoint!.ToString(), Plain(accepted.RemoteEndPoint));
        Assert.Equal(client.RemoteEndPoint!.ToString(), Plain(accepted.LocalEndPoint));
        Assert.Same(accepted.Socket, accepted.Socket);
        Assert.True(accepted.Socket!.NoDelay);
        await accepted.DisposeAsync();
        Assert.Equal(client.RemoteEndPoint!.ToString(), Plain(accepted.LocalEndPoint));
        Assert.Equal(0, await client.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_wait_for_data_is_not_ended_by_an_event_whose_data_was_read_before_it_was_told()
    {
        // Again and again: a leader that takes long is replaced, and then another thread tells the events.
        for (var attempt = 0; attempt < 20; attempt++)
        {
            using var pair = SocketPair.Tcp();
            await using var connection = await ReadBeforeTheEventIsToldAsync(pair);
            var waiting = connection.ReadAsync(Memory<byte>.Empty).AsTask();
            await Waiting.StillWaits(waiting);
            pair.Second.Send([1]);
            await waiting.Within();
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_wait_for_data_is_not_ended_by_data_that_a_read_took_which_had_let_others_go_first()
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            using var pair = SocketPair.Tcp();
            await using var connection = await ReadAfterOthersAsync(pair);
            var waiting = connection.ReadAsync(Memory<byte>.Empty).AsTask();
            await Waiting.StillWaits(waiting);
            pair.Second.Send([1]);
            await waiting.Within();
        }
    }

    private static async Task<Connection> ReadAfterOthersAsync(SocketPair pair)
    {
        using var leadingPair = SocketPair.Tcp();
        await using var leading = Connection.FromSocket(leadingPair.First, s_polled);
        var resumption = leading.ReadAsync(new byte[1]);
        leadingPair.Second.Send(new byte[10_000]);
        await resumption.ConfigureAwait(false);

        // Of the same loop, since it is made there. An event tells of data, and nothing is taken.
        var connection = Connection.FromSocket(pair.First, s_polled);
        var telling = connection.ReadAsync(Memory<byte>.Empty);
        pair.Second.Send([1]);
        await telling.ConfigureAwait(false);

        // As many as a thread may find their data at once; the next one lets the others go first, and goes on among the work of a batch.
        await ReadLeadingAsync(65).ConfigureAwait(false);
        await ReadLeadingAsync(63).ConfigureAwait(false);

        // So these are done with the next batch, whose event of the second byte comes before them.
        var another = leading.ReadAsync(new byte[1]);
        var reading = connection.ReadAsync(new byte[8]);
        pair.Second.Send([1]);
        await another.ConfigureAwait(false);
        if (await reading.ConfigureAwait(false) == 1)
        {
            await connection.ReadExactlyAsync(new byte[1]).ConfigureAwait(false);
        }

        return connection;

        async Task ReadLeadingAsync(int count)
        {
            for (; count > 0; count--)
            {
                Assert.Equal(1, await leading.ReadAsync(new byte[1]).ConfigureAwait(false));
            }
        }
    }

    private static async Task<Connection> ReadBeforeTheEventIsToldAsync(SocketPair pair)
    {
        using var leadingPair = SocketPair.Tcp();
        using var otherPair = SocketPair.Tcp();
        await using var leading = Connection.FromSocket(leadingPair.First, s_polled);
        await GoOnOnLoopAsync().ConfigureAwait(false);

        // Of the same loop, since they are made there. Nothing says that the connection has been read to its end.
        await using var other = Connection.FromSocket(otherPair.First, s_polled);
        var connection = Connection.FromSocket(pair.First, s_polled);
        var filling = connection.ReadAsync(new byte[1]);
        pair.Second.Send([1]);
        Assert.Equal(1, await filling.ConfigureAwait(false));
        var reading = other.ReadAsync(new byte[1]);

        // Two events that are told together; what the first one resumes reads what the second one tells of.
        await GoOnOnLoopAsync().ConfigureAwait(false);
        otherPair.Second.Send([1]);
        pair.Second.Send([1]);
        Assert.Equal(1, await reading.ConfigureAwait(false));
        Assert.Equal(1, await connection.ReadAsync(new byte[8]).ConfigureAwait(false));
        await GoOnOnLoopAsync().ConfigureAwait(false);
        return connection;

        async Task GoOnOnLoopAsync()
        {
            var resumption = leading.ReadAsync(new byte[1]);
            leadingPair.Second.Send([1]);
            await resumption.ConfigureAwait(false);
        }
    }

    private static string Plain(EndPoint? endPoint)
    {
        var ip = Assert.IsType<IPEndPoint>(endPoint);
        return new IPEndPoint(ip.Address.MapToIPv4(), ip.Port).ToString();
    }

    private static async Task<string> ReadTextAsync(Connection connection, int length)
    {
        var buffer = new byte[length];
        await connection.ReadExactlyAsync(buffer).AsTask().Within();
        return Encoding.ASCII.GetString(buffer);
    }
}
