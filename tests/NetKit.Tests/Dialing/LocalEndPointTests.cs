using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Dialing;

/// <summary>Where a dial comes from: every kind of local endpoint against every kind of place to go.</summary>
public sealed class LocalEndPointTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // What the host resolves to, or the address itself; where from; where it ends, or the error.
    [Theory]
    [InlineData("127.0.0.1", null, "127.0.0.1")]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "127.0.0.2", "127.0.0.1")]
    [InlineData("127.0.0.1", "0.0.0.0", "127.0.0.1")]
    [InlineData("127.0.0.1", "::ffff:127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "::1", "AddressNotAvailable")]
    [InlineData("127.0.0.1", "::", "AddressNotAvailable")]
    [InlineData("127.0.0.1", "192.0.2.1", "AddressNotAvailable")]
    [InlineData("127.0.0.1", "unix", "AddressNotAvailable")]
    [InlineData("::1", null, "::1")]
    [InlineData("::1", "::1", "::1")]
    [InlineData("::1", "::", "::1")]
    [InlineData("::1", "127.0.0.1", "AddressNotAvailable")]
    [InlineData("::1", "0.0.0.0", "AddressNotAvailable")]
    [InlineData("::1", "2001:db8::1", "AddressNotAvailable")]
    [InlineData("::1", "unix", "AddressNotAvailable")]
    [InlineData("host ::1 127.0.0.1", null, "::1")]
    [InlineData("host ::1 127.0.0.1", "127.0.0.1", "127.0.0.1")]
    [InlineData("host ::1 127.0.0.1", "::1", "::1")]
    [InlineData("host 127.0.0.1 ::1", "::1", "::1")]
    [InlineData("host 127.0.0.1", "::1", "AddressNotAvailable")]
    [InlineData("host ::1", "127.0.0.1", "AddressNotAvailable")]
    [InlineData("host ::1 127.0.0.1", "unix", "AddressNotAvailable")]
    [InlineData("host ::1 127.0.0.1", "192.0.2.1", "AddressNotAvailable")]
    public async Task A_socket_is_bound_to_it_and_other_families_are_not_tried(string remote, string? local, string expected)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "There is no IPv6 here.");
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        var port = ((IPEndPoint)listener.LocalEndPoint).Port;
        var addresses = remote.Replace("host ", "", StringComparison.Ordinal).Split(' ').Select(IPAddress.Parse).ToArray();
        EndPoint target = remote.StartsWith("host", StringComparison.Ordinal) ? new DnsEndPoint("host", port) : new IPEndPoint(addresses[0], port);
        using var folder = new TemporaryFolder();
        var dialer = new Dialer(new DialerOptions
        {
            LocalEndPoint = local switch
            {
                null => null,
                "unix" => new UnixDomainSocketEndPoint(folder.File("local.sock")),
                _ => new IPEndPoint(IPAddress.Parse(local), 0),
            },
            Resolve = (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>(addresses),
        });
        var dial = dialer.DialAsync(target, Token);
        if (!IPAddress.TryParse(expected, out var reached))
        {
            var exception = await Fails.AsDial(Enum.Parse<ConnectionError>(expected), dial);
            Assert.NotNull(exception.LocalEndPoint);
            return;
        }

        await using var client = await dial.AsTask().Within();
        await using var server = await listener.AcceptAsync(Token).Within();
        Assert.Equal(new IPEndPoint(reached, port), client.RemoteEndPoint);
        if (local is not (null or "0.0.0.0" or "::"))
        {
            Assert.Equal(AddressOrder.Plain(IPAddress.Parse(local)), ((IPEndPoint)client.LocalEndPoint!).Address);
        }

        await Talk.AssertBothWays(client, server);
    }

    [Fact]
    public async Task A_port_of_its_own_is_the_one_the_peer_sees()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var local = new IPEndPoint(IPAddress.Loopback, FreePort());
        await using var client = await new Dialer(new DialerOptions { LocalEndPoint = local }).DialAsync(listener.Listener.LocalEndPoint, Token).Within();
        await using var server = await listener.AcceptAsync();
        Assert.Equal(local, client.LocalEndPoint);
        Assert.Equal(local, server.RemoteEndPoint);

        // Linux binds a socket to it again, and then has no room for the same pair of endpoints.
        var second = await Fails.AsDial(
            OperatingSystem.IsWindows() ? ConnectionError.AddressInUse : ConnectionError.AddressNotAvailable,
            new Dialer(new DialerOptions { LocalEndPoint = local }).DialAsync(listener.Listener.LocalEndPoint, Token));
        Assert.Contains(ErrorSentence.Format(local), second.Message, StringComparison.Ordinal);
        client.Abort();
    }

    [Fact]
    public async Task With_a_port_of_its_own_every_address_gets_its_turn()
    {
        await using var host = TwoAddresses.Listen();
        await host.First.DisposeAsync();
        var local = new IPEndPoint(IPAddress.Loopback, FreePort());
        await using var client = await host.MakeDialer(new DialerOptions { LocalEndPoint = local }).DialAsync(host.Host, Token).Within();
        Assert.Equal(host.Second.LocalEndPoint, client.RemoteEndPoint);
        Assert.Equal(local, client.LocalEndPoint);
        client.Abort();
    }

    [Fact]
    public async Task A_unix_socket_can_have_a_name_too_whose_file_goes_with_the_connection()
    {
        using var folder = new TemporaryFolder();
        await using var listener = ConnectionListener.Bind(new UnixDomainSocketEndPoint(folder.File("server.sock")));
        var local = new UnixDomainSocketEndPoint(folder.File("client.sock"));
        await using (var client = await new Dialer(new DialerOptions { LocalEndPoint = local }).DialAsync(listener.LocalEndPoint, Token).Within())
        {
            await using var server = await listener.AcceptAsync(Token).Within();
            Assert.Equal(local, server.RemoteEndPoint);
            await Talk.AssertBothWays(client, server);
        }

        Assert.False(File.Exists(folder.File("client.sock")));
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
