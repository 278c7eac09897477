using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Listening;

public sealed class BindTests
{
    public static TheoryData<string> Wildcards => new("0.0.0.0", "::");

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.77")]
    [InlineData("::1")]
    public async Task It_listens_on_the_address_and_gives_the_real_port(string address)
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        var endPoint = Assert.IsType<IPEndPoint>(listener.LocalEndPoint);
        Assert.Equal(IPAddress.Parse(address), endPoint.Address);
        Assert.NotEqual(0, endPoint.Port);
        await AssertReached(listener, endPoint);
    }

    [Fact]
    public async Task A_port_that_was_asked_for_is_the_port_that_is_given()
    {
        int port;
        await using (var first = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            port = ((IPEndPoint)first.LocalEndPoint).Port;
        }

        await using var second = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, port), second.LocalEndPoint);
    }

    [Fact]
    public async Task An_ipv4_address_in_the_form_of_an_ipv6_one_is_that_address()
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback.MapToIPv6(), 0));
        var bound = Assert.IsType<IPEndPoint>(listener.LocalEndPoint);
        Assert.Equal(IPAddress.Loopback, bound.Address);
        await AssertReached(listener, bound);
    }

    [Fact]
    public async Task The_wildcard_of_ipv6_is_reached_by_both_families()
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        var port = ((IPEndPoint)listener.LocalEndPoint).Port;
        await AssertReached(listener, new IPEndPoint(IPAddress.Loopback, port));
        await AssertReached(listener, new IPEndPoint(IPAddress.IPv6Loopback, port));
    }

    [Fact]
    public async Task A_client_of_the_other_family_is_named_as_people_know_it()
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        var port = ((IPEndPoint)listener.LocalEndPoint).Port;
        using var client = await Dial.SocketAsync(new IPEndPoint(IPAddress.Loopback, port), TestContext.Current.CancellationToken);
        await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
        Assert.EndsWith($"127.0.0.1:{((IPEndPoint)client.LocalEndPoint!).Port}", server.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.77")]
    [InlineData("::", "::1")]
    public async Task A_connection_to_a_wildcard_knows_the_address_that_its_client_came_to(string wildcard, string address)
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Parse(wildcard), 0));
        var endPoint = new IPEndPoint(IPAddress.Parse(address), ((IPEndPoint)listener.LocalEndPoint).Port);
        using var client = await Dial.SocketAsync(endPoint, TestContext.Current.CancellationToken);
        await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
        Assert.Equal((endPoint, client.LocalEndPoint), (server.LocalEndPoint, server.RemoteEndPoint));
    }

    [Fact]
    public async Task Without_dual_mode_the_wildcard_of_ipv6_is_for_ipv6_alone()
    {
        await using var listener = ConnectionListener.Bind(
            new IPEndPoint(IPAddress.IPv6Any, 0), new ListenerOptions { DualMode = false });
        var port = ((IPEndPoint)listener.LocalEndPoint).Port;
        await AssertReached(listener, new IPEndPoint(IPAddress.IPv6Loopback, port));
        var exception = await Assert.ThrowsAsync<SocketException>(
            () => Dial.SocketAsync(new IPEndPoint(IPAddress.Loopback, port), TestContext.Current.CancellationToken));
        Assert.Equal(SocketError.ConnectionRefused, exception.SocketErrorCode);

        // So the port is free for IPv4, on purpose.
        await using var other = ConnectionListener.Bind(new IPEndPoint(IPAddress.Any, port));
        await AssertReached(other, new IPEndPoint(IPAddress.Loopback, port));
    }

    [Fact]
    public async Task A_port_in_use_is_refused_with_the_address_in_the_sentence()
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var exception = AssertFails(listener.LocalEndPoint, ConnectionError.AddressInUse);
        Assert.Equal(listener.LocalEndPoint, exception.LocalEndPoint);
        Assert.Contains($"{listener.LocalEndPoint}: the address is in use already", exception.Message, StringComparison.Ordinal);
        await AssertReached(listener, listener.LocalEndPoint);
    }

    [Theory]
    [MemberData(nameof(Wildcards))]
    public async Task Two_listeners_never_share_a_port_silently(string wildcard)
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Parse(wildcard), 0));
        var port = ((IPEndPoint)listener.LocalEndPoint).Port;
        AssertFails(new IPEndPoint(IPAddress.Parse(wildcard), port), ConnectionError.AddressInUse);
        AssertFails(new IPEndPoint(IPAddress.Any, port), ConnectionError.AddressInUse);
        AssertFails(new IPEndPoint(IPAddress.Loopback, port), ConnectionError.AddressInUse);
    }

    [Fact]
    public async Task One_that_shares_on_purpose_does_not_open_the_port_of_one_that_does_not()
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        AssertFails(listener.LocalEndPoint, ConnectionError.AddressInUse, new ListenerOptions { ReusePort = true });

        await using var sharing = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), new ListenerOptions { ReusePort = true });
        AssertFails(sharing.LocalEndPoint, ConnectionError.AddressInUse);
    }

    [Fact]
    public async Task Listeners_that_share_a_port_on_purpose_share_its_clients()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux spreads clients over such listeners.");
        var options = new ListenerOptions { ReusePort = true };
        await using var first = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0), options);
        await using var second = ConnectionListener.Bind(first.LocalEndPoint, options);
        Assert.Equal(first.LocalEndPoint, second.LocalEndPoint);

        var accepted = new int[2];
        var loops = new[] { Count(first, 0), Count(second, 1) };
        const int Clients = 200;
        for (var count = 0; count < Clients; count++)
        {
            using var client = await Dial.SocketAsync(first);
        }

        await Eventually.Equal(Clients, () => Volatile.Read(ref accepted[0]) + Volatile.Read(ref accepted[1]));
        Assert.All(accepted, count => Assert.True(count > 0, "One of the two got nothing."));
        await first.DisposeAsync();
        await second.DisposeAsync();
        await Task.WhenAll(loops).Within();

        async Task Count(ConnectionListener listener, int index)
        {
            await foreach (var connection in listener.AcceptAllAsync())
            {
                await connection.DisposeAsync();
                Interlocked.Increment(ref accepted[index]);
            }
        }
    }

    [Fact]
    public async Task A_port_is_free_again_as_soon_as_its_listener_is_closed()
    {
        EndPoint endPoint = new IPEndPoint(IPAddress.Loopback, 0);
        for (var times = 0; times < 20; times++)
        {
            await using var listener = ConnectionListener.Bind(endPoint);
            endPoint = listener.LocalEndPoint;
            using var client = await Dial.SocketAsync(listener);
            await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();

            // The server's side closes first, so its address lingers in TIME_WAIT.
            await server.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    public void An_address_of_another_machine_is_not_available(string address) =>
        AssertFails(new IPEndPoint(IPAddress.Parse(address), 0), ConnectionError.AddressNotAvailable);

    [Fact]
    public void An_endpoint_is_required() =>
        Assert.Equal("endPoint", Assert.Throws<ArgumentNullException>(() => ConnectionListener.Bind(null!)).ParamName);

    [Fact]
    public void A_host_name_is_no_address_to_listen_on()
    {
        var exception = Assert.Throws<ArgumentException>(() => ConnectionListener.Bind(new DnsEndPoint("localhost", 0)));
        Assert.Equal("endPoint", exception.ParamName);
        Assert.Contains("DnsEndPoint", exception.Message, StringComparison.Ordinal);
    }

    private static ConnectionException AssertFails(EndPoint endPoint, ConnectionError error, ListenerOptions? options = null) =>
        WellFormed.Assert(Record.Exception(() => ConnectionListener.Bind(endPoint, options)), error, "listen");

    private static async Task AssertReached(ConnectionListener listener, EndPoint endPoint)
    {
        await using var client = Connection.FromSocket(await Dial.SocketAsync(endPoint, TestContext.Current.CancellationToken));
        await using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken).Within();
        await Talk.AssertBothWays(client, server);
    }
}
