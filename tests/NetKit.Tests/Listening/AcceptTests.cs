using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace NetKit.Tests.Listening;

public sealed class AcceptTests
{
    public static TheoryData<Transport> All => TestListener.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_accepted_connection_talks_to_the_one_that_dialed(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        await using var server = await listener.AcceptAsync();

        await Talk.AssertBothWays(client, server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_accept_waits_for_who_dials_later(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        var accept = listener.AcceptAsync();
        Assert.False(accept.IsCompleted);
        await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        await using var server = await accept;
        await Talk.AssertBothWays(client, server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Clients_are_accepted_in_the_order_in_which_they_came(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        for (byte number = 0; number < 10; number++)
        {
            var client = await listener.DialAsync(TestContext.Current.CancellationToken);
            await client.WriteAsync(new[] { number }, TestContext.Current.CancellationToken);
        }

        for (byte number = 0; number < 10; number++)
        {
            await using var server = await listener.AcceptAsync();
            Assert.Equal(number, await Talk.ReadByteAsync(server));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Many_accepts_at_once_share_the_clients_out_one_each(Transport transport)
    {
        const int Clients = 100;
        await using var listener = TestListener.On(transport);
        var accepts = Enumerable.Range(0, Clients).Select(_ => listener.AcceptAsync()).ToArray();
        var dials = Enumerable.Range(0, Clients).Select(async number =>
        {
            var client = await listener.DialAsync(TestContext.Current.CancellationToken);
            await client.WriteAsync(new[] { (byte)number }, TestContext.Current.CancellationToken);
            return client;
        }).ToArray();

        await Task.WhenAll(dials).Within();
        var servers = await Task.WhenAll(accepts).Within();
        var numbers = await Task.WhenAll(servers.Select(Talk.ReadByteAsync)).Within();
        Assert.Equal(Enumerable.Range(0, Clients), numbers.Order());
        foreach (var connection in servers.Concat(dials.Select(dial => dial.Result)))
        {
            await connection.DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_client_that_left_before_its_turn_is_no_error(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        for (var count = 0; count < 20; count++)
        {
            (await listener.DialAsync(TestContext.Current.CancellationToken)).Abort();
        }

        await using var last = await listener.DialAsync(TestContext.Current.CancellationToken);
        await last.WriteAsync("!"u8.ToArray(), TestContext.Current.CancellationToken);
        for (var count = 0; count <= 20; count++)
        {
            await using var server = await listener.AcceptAsync();
            if (await Talk.TryReadByteAsync(server) == '!')
            {
                return;
            }
        }

        Assert.Fail("The client behind those that left was not accepted.");
    }

    [Fact]
    public async Task An_accepted_socket_has_the_listener_s_options()
    {
        var options = new ListenerOptions();
        options.Socket.NoDelay = false;
        options.Socket.KeepAliveTime = TimeSpan.FromSeconds(33);
        var configured = 0;
        options.Socket.Configure = _ => Interlocked.Increment(ref configured);
        await using var listener = TestListener.On(Transport.Tcp, options);

        // Read when the listener was bound: a change after that has no effect.
        options.Socket.NoDelay = true;

        await using var client = await listener.DialAsync(TestContext.Current.CancellationToken);
        await using var server = await listener.AcceptAsync();
        Assert.False(server.Socket!.NoDelay);
        Assert.Equal(33, (int)server.Socket.GetSocketOption(
            System.Net.Sockets.SocketOptionLevel.Tcp, System.Net.Sockets.SocketOptionName.TcpKeepAliveTime)!);
        Assert.Equal(1, configured);
    }

    [Theory]
    [InlineData(LogLevel.Error)]
    [InlineData(LogLevel.Debug)]
    public async Task A_client_whose_socket_cannot_be_set_up_is_reset_and_logged_and_the_next_is_accepted(LogLevel level)
    {
        // A client that is gone already is nobody's mistake; a callback that throws is the user's.
        Exception failure = level == LogLevel.Debug ? new SocketException((int)SocketError.InvalidArgument) : new InvalidOperationException("on purpose");
        var options = new ListenerOptions();
        var log = new RecordingLogger();
        var calls = 0;
        options.Socket.Configure = _ =>
        {
            if (++calls == 1)
            {
                throw failure;
            }
        };
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), options, log);
        await using var lost = Connection.FromSocket(await Dial.SocketAsync(listener));
        await using var kept = Connection.FromSocket(await Dial.SocketAsync(listener));
        await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
        Assert.Equal(kept.LocalEndPoint, server.RemoteEndPoint);
        await Fails.AsReset(lost.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().Within());
        var entry = Assert.Single(log.Entries);
        Assert.Equal((level, 102, failure), (entry.Level, entry.Id, entry.Exception));
        Assert.Contains($"{listener.LocalEndPoint}", entry.Message, StringComparison.Ordinal);
    }
}
