using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Dialing;

/// <summary>Dials over real sockets, and in memory.</summary>
public sealed class DialerTests
{
    public static TheoryData<Transport> All => TestListener.All;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(All))]
    public async Task It_reaches_a_listener_on_every_transport(Transport transport)
    {
        await using var listener = TestListener.On(transport);
        await using var client = await new Dialer().DialAsync(listener.Listener.LocalEndPoint, Token).Within();
        await using var server = await listener.AcceptAsync();
        await Talk.AssertBothWays(client, server);
        Assert.Equal(listener.Listener.LocalEndPoint, client.RemoteEndPoint);
        if (transport != Transport.Unix)
        {
            Assert.Equal(client.LocalEndPoint, server.RemoteEndPoint);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Where_nobody_listens_it_is_refused(Transport transport)
    {
        var listener = TestListener.On(transport);
        var endPoint = listener.Listener.LocalEndPoint;
        await listener.DisposeAsync();
        var exception = await Fails.AsDial(ConnectionError.Refused, new Dialer().DialAsync(endPoint, Token));
        Assert.Equal(endPoint, exception.RemoteEndPoint);
        var attempt = Assert.Single(exception.Attempts);
        Assert.Equal((endPoint, DialPhase.Connect, DialOutcome.Failed), (attempt.EndPoint, attempt.Phase, attempt.Outcome));
        Assert.StartsWith($"dial {ErrorSentence.Format(endPoint)}: connection refused", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_unix_socket_that_does_not_exist_is_refused_too()
    {
        using var folder = new TemporaryFolder();
        var exception = await Fails.AsDial(
            ConnectionError.Refused, new Dialer().DialAsync(new UnixDomainSocketEndPoint(folder.File("none.sock")), Token));
        Assert.Contains("there is no such socket", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_backlog_of_a_unix_listener_is_waited_for()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint($"\0netkit-{Guid.NewGuid()}"));
        listener.Listen(0);
        var dialer = new Dialer();
        var dials = new List<Task<Connection>>();
        while (dials.Count < 8)
        {
            dials.Add(dialer.DialAsync(listener.LocalEndPoint!, Token).AsTask());
        }

        await Waiting.StillWaits(Task.WhenAll(dials));
        foreach (var _ in dials)
        {
            using var accepted = await listener.AcceptAsync(Token).AsTask().Within();
        }

        foreach (var dial in dials)
        {
            await (await dial.Within()).DisposeAsync();
        }

        using var source = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 4).Select(_ => dialer.DialAsync(listener.LocalEndPoint!, source.Token).AsTask()).ToList();
        await source.CancelAsync();
        foreach (var dial in waiting.Where(dial => !dial.IsCompletedSuccessfully))
        {
            await Fails.ByToken(dial.Within(), source.Token);
        }
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("LOCALHOST")]
    public async Task It_reaches_a_host_by_name_or_address(string host)
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var port = ((IPEndPoint)listener.Listener.LocalEndPoint).Port;
        await using var client = await new Dialer().DialAsync(host, port, Token).Within();
        await using var server = await listener.AcceptAsync();
        await Talk.AssertBothWays(client, server);
        Assert.Equal(listener.Listener.LocalEndPoint, client.RemoteEndPoint);
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("[::1]")]
    [InlineData("::1%lo")]
    public async Task It_reaches_ipv6_with_brackets_and_scope(string host)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "There is no IPv6 here.");
        Assert.SkipUnless(OperatingSystem.IsLinux() || !host.Contains('%', StringComparison.Ordinal), "The interface has another name.");
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        await using var client = await new Dialer().DialAsync(host, ((IPEndPoint)listener.LocalEndPoint).Port, Token).Within();
        await using var server = await listener.AcceptAsync(Token).Within();
        await Talk.AssertBothWays(client, server);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public async Task The_endpoint_of_a_listener_on_every_address_can_be_dialed(string any)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 || any == "0.0.0.0", "There is no IPv6 here.");
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Parse(any), 0));
        await using var client = await new Dialer().DialAsync(listener.LocalEndPoint, Token).Within();
        await using var server = await listener.AcceptAsync(Token).Within();
        await Talk.AssertBothWays(client, server);
        Assert.True(IPAddress.IsLoopback(((IPEndPoint)client.RemoteEndPoint!).Address));
    }

    [Fact]
    public async Task An_address_of_ipv4_that_is_wrapped_as_ipv6_is_dialed_as_ipv4()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var port = ((IPEndPoint)listener.Listener.LocalEndPoint).Port;
        await using var client = await new Dialer().DialAsync(new IPEndPoint(IPAddress.Loopback.MapToIPv6(), port), Token).Within();
        Assert.Equal(listener.Listener.LocalEndPoint, client.RemoteEndPoint);
    }

    [Fact]
    public async Task Only_addresses_of_the_family_that_was_asked_for_are_tried()
    {
        var asked = new ConcurrentQueue<string>();
        await using var listener = TestListener.On(Transport.Tcp);
        var port = ((IPEndPoint)listener.Listener.LocalEndPoint).Port;
        var attempts = new ConcurrentQueue<DialAttempt>();
        var dialer = new Dialer(new DialerOptions
        {
            OnAttempt = attempts.Enqueue,
            Resolve = (host, _) =>
            {
                asked.Enqueue(host);
                return ValueTask.FromResult<IReadOnlyList<IPAddress>>([IPAddress.IPv6Loopback, IPAddress.Loopback]);
            },
        });
        await using var client = await dialer.DialAsync(new DnsEndPoint("host", port, AddressFamily.InterNetwork), Token).Within();
        Assert.Equal(listener.Listener.LocalEndPoint, Assert.Single(attempts).EndPoint);
        Assert.Equal("host", Assert.Single(asked));

        var v4Only = new Dialer(new DialerOptions { Resolve = (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([IPAddress.Loopback]) });
        foreach (var host in new[] { "host", "127.0.0.1" })
        {
            var exception = await Fails.AsDial(
                ConnectionError.HostNotFound, v4Only.DialAsync(new DnsEndPoint(host, port, AddressFamily.InterNetworkV6), Token));
            Assert.Contains("no address of the family InterNetworkV6", exception.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(SocketError.HostNotFound, ConnectionError.HostNotFound)]
    [InlineData(SocketError.NoData, ConnectionError.HostNotFound)]
    [InlineData(SocketError.TryAgain, ConnectionError.NameResolution)]
    [InlineData(SocketError.TimedOut, ConnectionError.NameResolution)]
    [InlineData(SocketError.TooManyOpenSockets, ConnectionError.ResourceExhausted)]
    public async Task A_name_that_cannot_be_resolved_has_its_own_error(SocketError reported, ConnectionError error)
    {
        var dialer = new Dialer(new DialerOptions { Resolve = (_, _) => throw new SocketException((int)reported) });
        var exception = await Fails.AsDial(error, dialer.DialAsync("host.example", 80, Token));
        var attempt = Assert.Single(exception.Attempts);
        Assert.Equal((DialPhase.NameResolution, DialOutcome.Failed), (attempt.Phase, attempt.Outcome));
        Assert.Equal(new DnsEndPoint("host.example", 80), attempt.EndPoint);
        Assert.Equal(reported, Assert.IsType<SocketException>(attempt.Error!.InnerException).SocketErrorCode);
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_not_found()
    {
        var exception = await Fails.AsDial(ConnectionError.HostNotFound, new Dialer(new DialerOptions
        {
            Resolve = (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([]),
        }).DialAsync("host", 80, Token));
        Assert.StartsWith("dial host:80: the host name does not exist (attempts: 1; host:80 at ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resolver_that_fails_in_its_own_way_makes_the_dial_fail_and_not_seem_cancelled()
    {
        foreach (var thrown in new Exception[] { new OperationCanceledException(), new InvalidOperationException("out of order") })
        {
            var dialer = new Dialer(new DialerOptions { Resolve = (_, _) => throw thrown });
            var exception = await Fails.AsDial(ConnectionError.NameResolution, dialer.DialAsync("host", 80, Token));
            Assert.Same(thrown, exception.Attempts[0].Error!.InnerException);
            Assert.Contains(thrown.Message, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_deadline_ends_a_name_resolution_that_never_does()
    {
        var dialer = new Dialer(new DialerOptions
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(50),
            Resolve = (_, _) => new ValueTask<IReadOnlyList<IPAddress>>(new TaskCompletionSource<IReadOnlyList<IPAddress>>().Task),
        });
        var exception = await Fails.AsDial(ConnectionError.DeadlineExceeded, dialer.DialAsync("host", 80, Token));
        var attempt = Assert.Single(exception.Attempts);
        Assert.Equal((DialPhase.NameResolution, DialOutcome.TimedOut), (attempt.Phase, attempt.Outcome));

        // The deadline runs from the beginning of the dial, which on a first dial is a little before that of the attempt.
        Assert.InRange(attempt.Started + attempt.Elapsed, TimeSpan.FromMilliseconds(50), Eventually.Bound);
    }

    [Fact]
    public async Task A_caller_s_cancellation_ends_a_name_resolution_that_never_does()
    {
        using var source = new CancellationTokenSource();
        var dialer = new Dialer(new DialerOptions
        {
            Resolve = (_, _) => new ValueTask<IReadOnlyList<IPAddress>>(new TaskCompletionSource<IReadOnlyList<IPAddress>>().Task),
        });
        var dial = dialer.DialAsync("host", 80, source.Token);
        await source.CancelAsync();
        await Fails.ByToken(dial.AsTask().Within(), source.Token);
    }

    [Fact]
    public async Task A_token_that_was_cancelled_before_dials_nothing()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var dialer = new Dialer(new DialerOptions { OnAttempt = attempt => Assert.Fail($"Tried {attempt}") });
        var token = new CancellationToken(canceled: true);
        await Fails.ByToken(dialer.DialAsync(listener.Listener.LocalEndPoint, token).AsTask(), token);
        await Fails.ByToken(dialer.DialAsync("localhost", 1, token).AsTask(), token);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_after_the_dial_leaves_the_connection_alone()
    {
        using var source = new CancellationTokenSource();
        await using var listener = TestListener.On(Transport.Tcp);
        await using var client = await new Dialer().DialAsync(listener.Listener.LocalEndPoint, source.Token).Within();
        await using var server = await listener.AcceptAsync();
        await source.CancelAsync();
        await Talk.AssertBothWays(client, server);
    }

    [Fact]
    public async Task The_options_of_the_socket_are_set_before_it_connects_and_configure_comes_last()
    {
        var connected = new List<bool>();
        Socket? seen = null;
        await using var listener = TestListener.On(Transport.Tcp);
        var dialer = new Dialer(new DialerOptions
        {
            Socket =
            {
                NoDelay = false,
                ReceiveBufferSize = 32 * 1024,
                Configure = socket =>
                {
                    connected.Add(socket.Connected);
                    seen = socket;
                    Assert.False(socket.NoDelay);
                    socket.NoDelay = true;
                },
            },
        });
        await using var client = await dialer.DialAsync(listener.Listener.LocalEndPoint, Token).Within();
        await using var server = await listener.AcceptAsync();
        Assert.Equal([false], connected);
        Assert.True(client.Socket!.NoDelay);
        Assert.True(client.Socket.Connected);
        Assert.InRange(client.Socket.ReceiveBufferSize, 32 * 1024, 64 * 1024);
        await Talk.AssertBothWays(client, server);

        // Whoever keeps it all the same does no harm with it, whatever the engine made of it.
        if (seen != client.Socket)
        {
            Assert.Throws<ObjectDisposedException>(() => seen!.Poll(0, SelectMode.SelectRead));
            seen!.Dispose();
            await Talk.AssertBothWays(client, server);
        }
    }

    [Fact]
    public async Task A_configure_that_throws_makes_the_dial_fail_and_leaves_nothing_open()
    {
        await using var listener = TestListener.On(Transport.Tcp);
        var thrown = new InvalidOperationException("no such option");
        Socket? seen = null;
        var dialer = new Dialer(new DialerOptions
        {
            Socket =
            {
                Configure = socket =>
                {
                    seen = socket;
                    throw thrown;
                },
            },
        });
        var exception = await Assert.ThrowsAsync<DialException>(() => dialer.DialAsync(listener.Listener.LocalEndPoint, Token).Within());
        Assert.Same(thrown, exception.InnerException!.InnerException);
        Assert.Contains("no such option", exception.Message, StringComparison.Ordinal);
        Assert.True(seen!.SafeHandle.IsClosed);
    }

    [Fact]
    public async Task It_does_not_connect_to_itself()
    {
        // The system may give a socket the very port that it dials, when nobody listens there: then it would talk to itself.
        var dialer = new Dialer();
        for (var times = 0; times < 20; times++)
        {
            int port;
            using (var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                port = ((IPEndPoint)probe.LocalEndPoint!).Port;
            }

            var bound = new Dialer(new DialerOptions { LocalEndPoint = new IPEndPoint(IPAddress.Loopback, port) });
            await Fails.AsDial(ConnectionError.Refused, bound.DialAsync(new IPEndPoint(IPAddress.Loopback, port), Token));
            await Fails.AsDial(ConnectionError.Refused, dialer.DialAsync(new IPEndPoint(IPAddress.Loopback, port), Token));
        }
    }

    [Fact]
    public async Task An_endpoint_of_another_kind_is_a_mistake_of_the_caller()
    {
        await Assert.ThrowsAsync<ArgumentNullException>(() => new Dialer().DialAsync(null!, Token).AsTask());
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => new Dialer().DialAsync(new OtherEndPoint(), Token).AsTask());
        Assert.Contains(nameof(OtherEndPoint), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_a_connection_in_memory_is_no_listener()
    {
        var (first, second) = Connection.CreatePair();
        await Fails.AsDial(ConnectionError.Refused, new Dialer().DialAsync(second.LocalEndPoint!, Token));
        first.Abort();
        second.Abort();
    }

    [Fact]
    public async Task The_deadline_ends_a_dial_in_memory_whose_listener_is_full()
    {
        await using var listener = ConnectionListener.CreateInMemory(out _);
        var dialer = new Dialer(new DialerOptions { ConnectTimeout = TimeSpan.FromMilliseconds(50) });
        var dialed = new List<Connection>();
        DialException? exception = null;
        while (exception is null)
        {
            try
            {
                dialed.Add(await dialer.DialAsync(listener.LocalEndPoint, Token).Within());
                Assert.True(dialed.Count < 100_000, "The backlog has no bound.");
            }
            catch (DialException failure)
            {
                exception = failure;
            }
        }

        Assert.Equal(ConnectionError.DeadlineExceeded, exception.Error);
        dialed.ForEach(connection => connection.Abort());
    }

    [Fact]
    public async Task It_runs_the_connection_s_timeouts_on_its_clock()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var listener = TestListener.On(Transport.Tcp);
        await using var client = await new Dialer(timeProvider: time).DialAsync(listener.Listener.LocalEndPoint, Token).Within();
        client.ReadTimeout = 5_000;
        var read = client.ReadAsync(new byte[1]).AsTask();
        time.Advance(TimeSpan.FromMilliseconds(4_999));
        await Waiting.StillWaits(read);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await Fails.AtDeadline(read.Within());
    }

    private sealed class OtherEndPoint : EndPoint;
}
