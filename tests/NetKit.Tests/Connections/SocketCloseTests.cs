using System.Net.Sockets;

namespace NetKit.Tests.Connections;

// What a plain socket on the other side sees of a close: the data and a FIN whenever it can be, a reset only when aborted.
public sealed class SocketCloseTests
{
    private static readonly byte[] s_data = Payload.Random(100);

    public static MatrixTheoryData<bool, bool, bool> Cases => new([true, false], [true, false], [true, false]);

    [Theory(Timeout = Waiting.Watchdog)]
    [MemberData(nameof(Cases))]
    public async Task Closing_sends_the_data_and_the_end(bool tcp, bool reading, bool unread)
    {
        var (connection, peer) = await ConnectAsync(tcp);
        using (peer)
        {
            var read = await PrepareAsync(connection, peer, reading, unread);
            await connection.WriteAsync(s_data);
            await connection.DisposeAsync();
            await AssertReceivesAsync(s_data, peer);
            if (read is not null)
            {
                await Fails.AsClosed(read);
            }
        }
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [MemberData(nameof(Cases))]
    public async Task Closing_synchronously_sends_the_data_and_the_end(bool tcp, bool reading, bool unread)
    {
        var (connection, peer) = await ConnectAsync(tcp);
        using (peer)
        {
            var read = await PrepareAsync(connection, peer, reading, unread);
            await connection.WriteAsync(s_data);
            connection.Dispose();
            await AssertReceivesAsync(s_data, peer);
            if (read is not null)
            {
                await Fails.AsClosed(read);
            }
        }
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [MemberData(nameof(Cases))]
    public async Task A_half_close_sends_the_end_and_the_close_after_it_nothing_more(bool tcp, bool reading, bool unread)
    {
        var (connection, peer) = await ConnectAsync(tcp);
        using (peer)
        {
            var read = await PrepareAsync(connection, peer, reading, unread);
            await connection.WriteAsync(s_data);
            await connection.CompleteWritesAsync();
            await AssertReceivesAsync(s_data, peer);
            await connection.DisposeAsync();
            await AssertReceivesAsync([], peer);
            if (read is not null)
            {
                await Fails.AsClosed(read);
            }
        }
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Aborting_resets(bool reading)
    {
        var (connection, peer) = await ConnectAsync(tcp: true);
        using (peer)
        {
            var read = await PrepareAsync(connection, peer, reading, unread: false);
            connection.Abort();
            var (_, error) = await ReceiveToEndAsync(peer);
            Assert.Equal(SocketError.ConnectionReset, error);
            if (read is not null)
            {
                await Fails.AsClosed(read);
            }
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Aborting_after_a_half_close_resets_too()
    {
        var (connection, peer) = await ConnectAsync(tcp: true);
        using (peer)
        {
            await connection.CompleteWritesAsync();
            connection.Abort();

            // The end was received first, so only a send can tell: the first one is answered with a reset.
            var error = SocketError.Success;
            await Waiting.Until(() =>
            {
                peer.Send(s_data, SocketFlags.None, out error);
                return error != SocketError.Success;
            });
            Assert.Contains(error, new[] { SocketError.ConnectionReset, SocketError.Shutdown });
        }
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_nobody_closes_resets_nothing_when_the_peer_ends_first(bool tcp)
    {
        var (connection, peer) = await ConnectAsync(tcp);
        using (peer)
        {
            peer.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await connection.ReadAsync(new byte[1]));
            await connection.WriteAsync(s_data);
            await connection.DisposeAsync();
            await AssertReceivesAsync(s_data, peer);
        }
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Closing_through_tls_sends_the_data_the_notice_and_the_end(bool reading)
    {
        await using var plain = await Pairs.TcpAsync();
        await using var tls = await Pairs.TlsAsync(plain);
        var read = reading ? tls.First.ReadAsync(new byte[1]).AsTask() : null;
        await tls.First.WriteAsync(s_data);
        await tls.First.DisposeAsync();
        Assert.Equal(s_data, await Peer.ReadToEndAsync(tls.Second));

        // Below TLS it is a FIN too.
        Assert.Equal(0, await plain.Second.ReadAsync(new byte[1]));
        if (read is not null)
        {
            await Fails.AsClosed(read);
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_half_close_through_tls_sends_the_notice_and_reads_go_on()
    {
        await using var plain = await Pairs.TcpAsync();
        await using var tls = await Pairs.TlsAsync(plain);
        await tls.First.WriteAsync(s_data);
        await tls.First.CompleteWritesAsync();
        Assert.Equal(s_data, await Peer.ReadToEndAsync(tls.Second));
        await tls.Second.WriteAsync(s_data);
        await tls.Second.DisposeAsync();
        Assert.Equal(s_data, await Peer.ReadToEndAsync(tls.First));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_megabyte_through_tls_survives_the_close_of_its_writer()
    {
        // The client never reads, so the server's session tickets lie unread in its socket when it closes.
        for (var i = 0; i < 20; i++)
        {
            await using var tls = await Pairs.TlsAsync(await Pairs.TcpAsync());
            var sent = Payload.Large[..(1 << 20)];
            var received = Peer.ReceiveBeginningOfAsync(tls.Second, sent);
            await tls.First.WriteAsync(sent);
            await tls.First.DisposeAsync();
            Assert.Equal(sent.Length, await received);
        }
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Data_the_peer_has_no_room_for_survives_the_close(bool tcp)
    {
        var (connection, peer) = await ConnectAsync(tcp);
        using (peer)
        {
            // As much as the system takes, of which the peer's side cannot hold all.
            connection.WriteDeadline = Deadline.After(TimeSpan.FromMilliseconds(50));
            var taken = (await Fails.AtDeadline(connection.WriteAsync(Payload.Large))).BytesTransferred;
            peer.Send([1, 2, 3]);
            await connection.UntilReadable();
            await connection.DisposeAsync();
            var (received, error) = await ReceiveToEndAsync(peer);
            Assert.Equal((taken, SocketError.Success), (received.Length, error));
        }
    }

    private static async Task<(Connection Connection, Socket Peer)> ConnectAsync(bool tcp)
    {
        var (client, server) = await (tcp ? Pairs.TcpSocketsAsync() : Pairs.UnixSocketsAsync());
        return (Connection.FromSocket(client), server);
    }

    private static async Task<Task<int>?> PrepareAsync(Connection connection, Socket peer, bool reading, bool unread)
    {
        var read = reading ? connection.ReadAsync(new byte[1]).AsTask() : null;
        if (unread)
        {
            // One byte for the read that waits, and more that nobody will read.
            peer.Send([1, 2, 3]);
            if (read is not null)
            {
                Assert.Equal(1, await read);
                read = null;
            }

            await connection.UntilReadable();
        }

        return read;
    }

    private static async Task AssertReceivesAsync(byte[] data, Socket peer)
    {
        var (received, error) = await ReceiveToEndAsync(peer);
        Assert.Equal(SocketError.Success, error);
        Assert.Equal(data, received);
    }

    private static async Task<(byte[] Data, SocketError Error)> ReceiveToEndAsync(Socket peer)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await peer.ReceiveAsync(buffer)) > 0)
            {
                all.Write(buffer, 0, count);
            }

            return (all.ToArray(), SocketError.Success);
        }
        catch (SocketException exception)
        {
            return (all.ToArray(), exception.SocketErrorCode);
        }
    }
}
