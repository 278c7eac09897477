using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NetKit.Samples;

namespace NetKit.Tests.Samples;

[Collection(OneSampleAtATime.Name)]
public sealed class TcpProxyTests
{
    // "64x1024" is 64 transfers of 1024 MB each way, all at once. Without it, what a test may take.
    private static readonly (int Count, long Length) s_transfers = TransfersOf(Environment.GetEnvironmentVariable("NETKIT_PROXY_TRANSFERS") ?? "8x8");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Transfers_in_both_directions_are_whole_to_the_bit()
    {
        await using var backends = new BackendSet(2, static (connection, _) => Transfer.ServeAsync(connection));
        await using var proxy = await RunningProxy.StartAsync(backends);
        var (count, length) = s_transfers;

        await Task.WhenAll(Enumerable.Range(0, count).Select(async index =>
        {
            await using var client = await proxy.ConnectAsync();
            await Transfer.RunAsync(client, index, length);
        }));

        await Eventually.True(() => proxy.Backends.All(static backend => backend.Connections == 0), "a place is not given back");
        Assert.Equal(count * (length + 16), proxy.Backends.Sum(static backend => backend.Sent.Total));
        Assert.Equal(count * length, proxy.Backends.Sum(static backend => backend.Received.Total));
    }

    [Fact]
    public async Task Killed_backends_and_clients_that_reset_are_resets_for_the_other_side_and_all_else_is_whole()
    {
        const int Kills = 12;
        const int ResetsEach = 2;
        var (count, length) = s_transfers;

        // The last kill is when half of the data could have gone through.
        var chunksBetween = (int)(count * length / Transfer.ChunkSize / (2 * Kills));
        await using var killer = new BackendKiller(backends: 3, chunksBetween, Kills);
        await using var proxy = await RunningProxy.StartAsync(killer.Backends);
        var (cuts, resets) = (0, 0);

        await Task.WhenAll(Enumerable.Range(0, count).Select(async index =>
        {
            var random = new Random(index);
            for (var time = 0; time < ResetsEach; time++)
            {
                await TryAsync(index, resetAfter: random.NextInt64(1, length / 4));
            }

            while (!await TryAsync(index, resetAfter: long.MaxValue))
            {
            }
        }));

        await Eventually.True(() => proxy.Backends.All(static backend => backend.Connections == 0), "a place is not given back");
        await Eventually.True(() => killer.Backends.All(static backend => backend.Active == 0), "a backend is not told of an end");
        Assert.Equal(Kills, killer.Kills);
        Assert.InRange(cuts, 1, int.MaxValue);
        Assert.InRange(resets, 1, count * ResetsEach);

        // Closed are those that it killed itself, which may be all: a client's reset can come after the kill. All others it was told of,
        // but for those that had sent all: what a client has not read then is on its way, in the proxy and in the system.
        var ends = killer.Failures.Select(static failure => Assert.IsType<ConnectionException>(failure, exactMatch: false).Error).ToArray();
        Assert.All(ends, static end => Assert.True(end is ConnectionError.Reset or ConnectionError.Closed, $"{end}"));
        Assert.InRange(ends.Length, resets - (killer.Completed - count), int.MaxValue);

        // Nobody kills any more: what a client resets now, its backend is told of, and as a reset.
        Assert.False(await TryAsync(seed: 0, resetAfter: 1));
        await Eventually.True(() => killer.Failures.Count > ends.Length, "the backend is not told of the last reset");
        Assert.Equal(ConnectionError.Reset, Assert.IsType<ConnectionException>(killer.Failures.Last(), exactMatch: false).Error);

        async Task<bool> TryAsync(int seed, long resetAfter)
        {
            Connection? client = null;
            var isReset = false;
            try
            {
                client = await proxy.ConnectAsync();
                await Transfer.RunAsync(client, seed, length, received =>
                {
                    if (received >= resetAfter)
                    {
                        isReset = true;
                        client.Abort();
                    }
                });
                return true;
            }
            catch (ConnectionException failure)
            {
                Assert.Equal(isReset ? ConnectionError.Closed : ConnectionError.Reset, failure.Error);
                Interlocked.Increment(ref isReset ? ref resets : ref cuts);
                return false;
            }
            catch (SocketException failure) when (failure.SocketErrorCode == SocketError.ConnectionReset)
            {
                Interlocked.Increment(ref cuts);
                return false;
            }
            finally
            {
                await (client?.DisposeAsync() ?? ValueTask.CompletedTask);
            }
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_reset_goes_through_the_proxy_from_either_side()
    {
        await using var backends = new BackendSet(1, RunningServer.EchoAsync);
        await using var proxy = await RunningProxy.StartAsync(backends);

        await using var first = await ConnectServedAsync(proxy);
        backends[0].ResetAll();
        await Fails.AsReset(first.ReadAsync(new byte[1]).AsTask().Within());

        var second = await ConnectServedAsync(proxy);
        second.Abort();
        await Eventually.Equal(0, () => backends[0].Active);
        await Eventually.Equal(0, () => proxy.Backends[0].Connections);
    }

    [Theory(Timeout = Waiting.Watchdog)]
    [InlineData(nameof(BackendPolicy.RoundRobin))]
    [InlineData(nameof(BackendPolicy.LeastConnections))]
    public async Task Every_backend_gets_the_same_share(string policy)
    {
        await using var backends = new BackendSet(3, RunningServer.EchoAsync);
        await using var proxy = await RunningProxy.StartAsync(backends, settings => settings with { Policy = Enum.Parse<BackendPolicy>(policy) });
        await using var clients = new ClientSet(proxy);

        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => clients.AddAsync()));

        Assert.All(backends, static backend => Assert.Equal(10, backend.Active));
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Clients_of_a_backend_that_is_down_go_to_the_others_until_it_is_back()
    {
        await using var backends = new BackendSet(2, RunningServer.EchoAsync);
        await using var proxy = await RunningProxy.StartAsync(backends);
        await using var clients = new ClientSet(proxy);
        await backends[0].StopAsync();

        for (var index = 0; index < 6; index++)
        {
            await clients.AddAsync();
        }

        Assert.Equal(6, backends[1].Active);
        Assert.False(proxy.Backends[0].Health.IsUp);
        Assert.InRange(proxy.Backends[0].FailedDials, 1, 6);
        backends[0].Start();
        while (backends[0].Active == 0)
        {
            await clients.AddAsync();
        }

        Assert.True(proxy.Backends[0].Health.IsUp);
        Assert.Equal(0, proxy.Refused);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task When_all_backends_are_down_clients_are_reset_at_once_and_counted()
    {
        await using var backend = ProxyBackend.Echo();
        await using var proxy = await RunningProxy.StartAsync([backend]);

        for (var index = 1; index <= 3; index++)
        {
            Assert.True(await IsResetAsync(proxy));
            Assert.Equal(index, proxy.Refused);
        }
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_backend_that_wants_to_know_is_told_who_the_client_is()
    {
        var seen = new TaskCompletionSource<EndPoint?>();
        await using var backends = new BackendSet(
            1,
            (connection, stopping) =>
            {
                seen.TrySetResult(connection.RemoteEndPoint);
                return RunningServer.EchoAsync(connection, stopping);
            },
            new ConnectionServerOptions { ProxyProtocol = new ProxyProtocolOptions { TrustedNetworks = [IPNetwork.Parse("127.0.0.0/8")] } });
        await using var proxy = await RunningProxy.StartAsync(backends, static settings => settings with { SendsProxyHeader = true });

        await using var client = await ConnectServedAsync(proxy);

        Assert.Equal(client.LocalEndPoint, await seen.Task.Within());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Connections_on_which_nothing_moves_are_reset_on_both_sides()
    {
        await using var backends = new BackendSet(1, RunningServer.EchoAsync);
        await using var proxy = await RunningProxy.StartAsync(backends, static settings => settings with { IdleTimeout = TimeSpan.FromMilliseconds(200) });
        await using var client = await proxy.ConnectAsync();

        await Fails.AsReset(client.ReadAsync(new byte[1]).AsTask().Within());

        await Eventually.Equal(1, () => backends[0].Served);
        await Eventually.Equal(0, () => backends[0].Active);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task While_it_drains_nobody_comes_in_and_clients_go_on_to_their_end()
    {
        await using var backends = new BackendSet(1, RunningServer.EchoAsync);
        await using var proxy = await RunningProxy.StartAsync(backends, static settings => settings with { DrainTimeout = TimeSpan.FromMinutes(1) });
        await using var client = await ConnectServedAsync(proxy);

        proxy.BeginStop();

        await Eventually.True(() => IsRefusedAt(proxy.EndPoint), "new clients still come in");
        await RunningServer.AssertEchoes(client);
        Assert.False(proxy.Run.IsCompleted);
        await client.CompleteWritesAsync();
        Assert.Equal(-1, await Talk.ReadByteAsync(client));
        Assert.Equal(new DrainResult(1, 0), await proxy.Run.Within());
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Clients_that_do_not_end_while_it_drains_are_reset_on_both_sides()
    {
        await using var backends = new BackendSet(1, RunningServer.EchoAsync);
        await using var proxy = await RunningProxy.StartAsync(backends, static settings => settings with { DrainTimeout = TimeSpan.FromMilliseconds(100) });
        await using var client = await ConnectServedAsync(proxy);

        proxy.BeginStop();

        await Fails.AsReset(client.ReadAsync(new byte[1]).AsTask().Within());
        Assert.Equal(new DrainResult(0, 1), await proxy.Run.Within());
        await Eventually.Equal(0, () => backends[0].Active);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Prometheus_and_people_are_told_how_it_goes()
    {
        await using var up = ProxyBackend.Echo().Started();
        await using var down = ProxyBackend.Echo();
        await using var proxy = await RunningProxy.StartAsync(
            [down, up], static settings => settings with { Backoff = new BackoffTime(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1)) });
        await using var client = await ConnectServedAsync(proxy);
        using var http = new HttpClient { BaseAddress = proxy.Status };

        using var scrape = await http.GetAsync(new Uri("/metrics", UriKind.Relative), Token);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", scrape.Content.Headers.ContentType?.ToString());
        var metrics = Scrape.Parse(await scrape.Content.ReadAsStringAsync(Token));
        Assert.Equal(1, metrics[$"tcpproxy_backend_up{{backend=\"{up.EndPoint}\"}}"]);
        Assert.Equal(0, metrics[$"tcpproxy_backend_up{{backend=\"{down.EndPoint}\"}}"]);
        Assert.Equal(1, metrics[$"tcpproxy_backend_connections{{backend=\"{up.EndPoint}\"}}"]);
        Assert.Equal(0, metrics[$"tcpproxy_backend_connections{{backend=\"{down.EndPoint}\"}}"]);
        Assert.Equal(1, metrics[$"tcpproxy_backend_opened_connections_total{{backend=\"{up.EndPoint}\"}}"]);
        Assert.Equal(1, metrics[$"tcpproxy_backend_failed_dials_total{{backend=\"{down.EndPoint}\"}}"]);
        Assert.Equal(1, metrics[$"tcpproxy_backend_sent_bytes_total{{backend=\"{up.EndPoint}\"}}"]);
        Assert.Equal(1, metrics[$"tcpproxy_backend_received_bytes_total{{backend=\"{up.EndPoint}\"}}"]);
        Assert.Equal(0, metrics["tcpproxy_clients_refused_total"]);

        // Of the whole process, in which other tests have servers too.
        Assert.InRange(metrics["netkit_server_accepted_connections_total"], 1, double.MaxValue);
        Assert.InRange(metrics["netkit_dialer_duration_seconds_count{outcome=\"connected\"}"], 1, double.MaxValue);

        var text = await http.GetStringAsync(new Uri("/", UriKind.Relative), Token);
        Assert.Matches($@"(?m)^{up.EndPoint} +up +1 +1 +0 +1 B +1 B$", text);
        Assert.Matches($@"(?m)^{down.EndPoint} +down, 1 failure +0 +0 +1 +0 B +0 B$", text);
        using var query = await http.GetAsync(new Uri("/metrics?name=x", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.OK, query.StatusCode);
        using var nothing = await http.GetAsync(new Uri("/nothing", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
        using var post = await http.PostAsync(new Uri("/", UriKind.Relative), content: null, Token);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        Assert.Equal(["GET"], post.Content.Headers.Allow);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task A_browser_gets_a_page_which_says_also_that_the_proxy_drains()
    {
        await using var backends = new BackendSet(1, RunningServer.EchoAsync);
        await using var proxy = await RunningProxy.StartAsync(backends, static settings => settings with { DrainTimeout = TimeSpan.FromMinutes(1) });
        await using var client = await ConnectServedAsync(proxy);
        using var http = new HttpClient { BaseAddress = proxy.Status };
        http.DefaultRequestHeaders.Accept.ParseAdd("text/html,*/*;q=0.8");

        using var answer = await http.GetAsync(new Uri("/", UriKind.Relative), Token);

        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        var page = await answer.Content.ReadAsStringAsync(Token);
        Assert.StartsWith("<!doctype html>", page, StringComparison.Ordinal);
        Assert.Contains("<p>1 clients now, 0 turned away", page, StringComparison.Ordinal);
        Assert.Contains($"<tr class=up><td title=backend>{backends[0].EndPoint}<td title=state>up<td title=now>1<td", page, StringComparison.Ordinal);
        proxy.BeginStop();
        Assert.Contains("<p>Draining: 1 clients now", await http.GetStringAsync(new Uri("/", UriKind.Relative), Token), StringComparison.Ordinal);
        await client.CompleteWritesAsync(Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Signal_lets_clients_go_on_and_ends_with_exit_code_0(bool terminate)
    {
        Assert.SkipUnless(terminate || SampleProcess.MayBeInterrupted, "SIGINT is ignored here, and by what is started from here.");
        await using var backend = ProxyBackend.Echo().Started();
        await using var sample = StartSample(backend);
        await using var client = Connection.FromSocket(await Dial.SocketAsync(await EndPointAsync(sample), Token));
        await RunningServer.AssertEchoes(client);

        if (terminate)
        {
            sample.Terminate();
        }
        else
        {
            sample.Interrupt();
        }

        await sample.SaysAsync("Stopped accepting");
        await RunningServer.AssertEchoes(client);
        await client.CompleteWritesAsync(Token);
        Assert.Equal(-1, await Talk.ReadByteAsync(client));
        Assert.Equal(0, await sample.ExitAsync());
        await sample.SaysAsync("Drained .* ended by themselves: 1, aborted: 0");
        Assert.DoesNotContain("fail:", sample.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Second_interrupt_ends_it_at_once()
    {
        Assert.SkipUnless(SampleProcess.MayBeInterrupted, "SIGINT is ignored here, and by what is started from here.");
        await using var backend = ProxyBackend.Echo().Started();
        await using var sample = StartSample(backend);
        await using var client = Connection.FromSocket(await Dial.SocketAsync(await EndPointAsync(sample), Token));
        await RunningServer.AssertEchoes(client);
        sample.Interrupt();
        await sample.SaysAsync("Stopped accepting");

        sample.Interrupt();

        Assert.NotEqual(0, await sample.ExitAsync());
    }

    [Fact]
    public async Task Started_from_a_settings_file_it_relays_and_is_scraped()
    {
        using var folder = new TemporaryFolder();
        await using var backend = ProxyBackend.Echo().Started();
        var file = folder.File("proxy.json");
        await File.WriteAllTextAsync(file, $$"""{ "Listen": "localhost:0", "Backend": ["{{backend.EndPoint}}"], "Metrics": "localhost:0" }""", Token);
        await using var sample = SampleProcess.Start("TcpProxy", "--config", file);
        await using var client = Connection.FromSocket(await Dial.SocketAsync(await EndPointAsync(sample), Token));
        await RunningServer.AssertEchoes(client);

        var status = (await sample.SaysAsync(@"^Status on (\S+): ")).Groups[1].Value;
        using var http = new HttpClient();
        var metrics = Scrape.Parse(await http.GetStringAsync(new Uri($"http://{status}/metrics"), Token));

        // A process of its own, where nothing else is counted. The scrape is a connection too.
        Assert.Equal(2, metrics["netkit_server_active_connections"]);
        Assert.Equal(2, metrics["netkit_server_accepted_connections_total"]);
        Assert.Equal(1, metrics["netkit_dialer_attempts_total{outcome=\"connected\",family=\"ipv4\"}"]);
        Assert.Equal(1, metrics["netkit_dialer_duration_seconds_count{outcome=\"connected\"}"]);
    }

    [Fact]
    public async Task Scrape_of_the_running_proxy_agrees_with_its_traffic_to_the_byte()
    {
        const int Clients = 3;
        const int Length = 1000;
        const string Request = "GET /metrics HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n";
        await using var backend = ProxyBackend.Echo().Started();
        await using var sample = SampleProcess.Start("TcpProxy", "--listen", "localhost:0", "--metrics", "localhost:0", "--backend", $"{backend.EndPoint}");
        var endPoint = await EndPointAsync(sample);
        var status = IPEndPoint.Parse((await sample.SaysAsync(@"^Status on (\S+): ")).Groups[1].Value);
        for (var client = 0; client < Clients; client++)
        {
            await using var connection = Connection.FromSocket(await Dial.SocketAsync(endPoint, Token));
            await connection.WriteAsync(new byte[Length], Token);
            await Peer.ReadAsync(connection, Length);
            await connection.CompleteWritesAsync(Token);
            Assert.Empty(await Peer.ReadToEndAsync(connection));
        }

        // Each scrape is a connection too, and counts in the next.
        var scrapes = 0;
        var told = 0L;
        Dictionary<string, double> metrics;
        do
        {
            await using var connection = Connection.FromSocket(await Dial.SocketAsync(status, Token));
            await connection.WriteAsync(System.Text.Encoding.ASCII.GetBytes(Request), Token);
            var answer = System.Text.Encoding.UTF8.GetString(await Peer.ReadToEndAsync(connection));
            metrics = Scrape.Parse(answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
            scrapes++;
            Assert.Equal(Clients + scrapes, metrics["netkit_server_accepted_connections_total"]);
            Assert.Equal(told + (2 * Clients * Length), metrics["netkit_connection_io_bytes_total{network_io_direction=\"transmit\"}"]);
            Assert.Equal((scrapes * Request.Length) + (2 * Clients * Length), metrics["netkit_connection_io_bytes_total{network_io_direction=\"receive\"}"]);
            told += System.Text.Encoding.UTF8.GetByteCount(answer);
            Assert.InRange(scrapes, 1, 1000);
        }
        while (metrics["netkit_server_active_connections"] > 1);

        Assert.Equal(Clients + scrapes - 1, metrics["netkit_server_connection_duration_seconds_count{outcome=\"completed\"}"]);
        Assert.Equal(Clients, metrics["netkit_dialer_attempts_total{outcome=\"connected\",family=\"ipv4\"}"]);
        Assert.Equal(Clients, metrics["netkit_dialer_duration_seconds_count{outcome=\"connected\"}"]);
        Assert.Equal(Clients, metrics["netkit_dialer_duration_seconds_bucket{outcome=\"connected\",le=\"+Inf\"}"]);
        Assert.True(metrics.ContainsKey("netkit_dialer_duration_seconds_bucket{outcome=\"connected\",le=\"0.005\"}"));
        Assert.InRange(metrics["netkit_dialer_duration_seconds_sum{outcome=\"connected\"}"], 1e-9, Clients * Eventually.Bound.TotalSeconds);
        Assert.Equal(0, metrics["netkit_connection_deadlines_exceeded_total{direction=\"read\"}"]);
        Assert.Equal(Clients * Length, metrics[$"tcpproxy_backend_sent_bytes_total{{backend=\"{backend.EndPoint}\"}}"]);
    }

    [Fact]
    public async Task Setting_that_makes_no_sense_is_one_sentence_and_exit_code_2()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("TcpProxy", "--backend", "localhost:7007", "--policy", "random");
        Assert.Equal(2, exitCode);
        Assert.Equal("TcpProxy: --policy is \"random\", but must be round-robin or least-connections. See --help.", output.TrimEnd());
    }

    [Fact]
    public async Task Port_in_use_is_one_sentence_and_exit_code_1()
    {
        await using var taken = ProxyBackend.Echo().Started();
        var (exitCode, output) = await SampleProcess.RunAsync("TcpProxy", "--backend", "localhost:7007", "--listen", $"{taken.EndPoint}");
        Assert.Equal(1, exitCode);
        Assert.Matches("^TcpProxy: .* in use.*--listen", output);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_lists_the_options()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("TcpProxy", "--help");
        Assert.Equal(0, exitCode);
        Assert.All(
            ["--backend", "--listen", "--policy", "--connect-timeout", "--idle-timeout", "--drain-timeout", "--max-connections", "--proxy-protocol", "--metrics", "--backoff", "--max-backoff", "--config"],
            option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    private static SampleProcess StartSample(ProxyBackend backend) => SampleProcess.Start("TcpProxy", "--listen", "localhost:0", "--backend", $"{backend.EndPoint}");

    private static async Task<IPEndPoint> EndPointAsync(SampleProcess sample) =>
        IPEndPoint.Parse((await sample.SaysAsync(@"^Listening on (\S+) for ")).Groups[1].Value);

    private static async Task<Connection> ConnectServedAsync(RunningProxy proxy)
    {
        var client = await proxy.ConnectAsync();
        await RunningServer.AssertEchoes(client);
        return client;
    }

    /// <summary>Whether a client is reset, which the system may tell it as early as in its dial.</summary>
    private static async Task<bool> IsResetAsync(RunningProxy proxy)
    {
        try
        {
            await using var client = await proxy.ConnectAsync();
            await client.ReadAsync(new byte[1]).Within();
            return false;
        }
        catch (Exception failure) when (failure is ConnectionException { Error: ConnectionError.Reset } or SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return true;
        }
    }

    private static bool IsRefusedAt(IPEndPoint endPoint)
    {
        using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(endPoint);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static (int Count, long Length) TransfersOf(string text)
    {
        var parts = text.Split('x');
        return (int.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture) << 20);
    }

    /// <summary>Clients that stay, each of them served.</summary>
    private sealed class ClientSet(RunningProxy proxy) : IAsyncDisposable
    {
        private readonly System.Collections.Concurrent.ConcurrentBag<Connection> _clients = [];

        public async Task AddAsync()
        {
            var client = await proxy.ConnectAsync();
            _clients.Add(client);
            await RunningServer.AssertEchoes(client);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var client in _clients)
            {
                await client.DisposeAsync();
            }
        }
    }
}
