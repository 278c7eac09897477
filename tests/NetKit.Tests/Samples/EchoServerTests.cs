using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace NetKit.Tests.Samples;

[Collection(OneSampleAtATime.Name)]
public sealed class EchoServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Started_without_options_it_listens_and_says_how_to_try_it()
    {
        // The port is the only thing that cannot be left to its default: it may be taken on this machine.
        await using var server = SampleProcess.Start("EchoServer", "--listen", "*:0");
        var port = await PortAsync(server);
        await server.SaysAsync($"nc localhost {port}");
        await server.SaysAsync($"samples/EchoClient -- localhost:{port}");

        foreach (var address in Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : new[] { IPAddress.Loopback })
        {
            await using var client = await ConnectAsync(new IPEndPoint(address, port));
            Assert.Equal("hello", await EchoAsync(client, "hello"));
        }
    }

    [Fact]
    public async Task It_serves_by_TLS_and_says_when_there_is_no_certificate()
    {
        using var folder = new TemporaryFolder();
        var (certificate, key) = Certificates.MakePem("localhost");
        await File.WriteAllTextAsync(folder.File("cert.pem"), certificate, Token);
        await File.WriteAllTextAsync(folder.File("key.pem"), key, Token);
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0", "--tls", folder.File("cert.pem"), "--tls-key", folder.File("key.pem"));
        var endPoint = await EndPointAsync(server);
        await server.SaysAsync($"openssl s_client -quiet -connect 127.0.0.1:{endPoint.Port}\n");
        Assert.DoesNotContain("EchoClient", server.Output, StringComparison.Ordinal); // it does not speak TLS, and neither does nc
        await using var plain = await ConnectAsync(endPoint);
        await using var client = await plain.AuthenticateAsClientAsync(
            new() { TargetHost = "localhost", RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null }, Token);
        Assert.Equal("hello", await EchoAsync(client, "hello"));

        var (exitCode, output) = await SampleProcess.RunAsync("EchoServer", "--listen", "localhost:0", "--tls", folder.File("none.pem"));
        Assert.Equal(1, exitCode);
        Assert.Contains("none.pem", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Echo_is_complete_when_the_peer_half_closes_at_once()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0");
        await using var client = await ConnectAsync(await EndPointAsync(server));
        var sent = new byte[3_000_000];
        Random.Shared.NextBytes(sent);
        using var received = new MemoryStream();

        var sending = SendAllAsync();
        await client.CopyToAsync(received, Token);
        await sending;

        Assert.True(sent.AsSpan().SequenceEqual(received.GetBuffer().AsSpan(0, (int)received.Length)));
        await server.SaysAsync("the peer finished, 3000000 bytes echoed");

        async Task SendAllAsync()
        {
            await client.WriteAsync(sent, Token);
            await client.CompleteWritesAsync(Token);
        }
    }

    [Fact]
    public async Task Unix_socket_is_served_and_its_file_is_gone_afterwards()
    {
        var path = Path.Combine(Path.GetTempPath(), $"netkit-{Guid.NewGuid():N}.sock");
        await using var server = SampleProcess.Start("EchoServer", "--listen", $"unix:{path}");
        await server.SaysAsync($"nc -U {Regex.Escape(path)}");

        var (exitCode, output) = await TypedAsync($"unix:{path}", "over a file");
        Assert.Contains("over a file", output, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);

        server.Terminate();
        Assert.Equal(0, await server.ExitAsync());
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Silent_peer_is_hung_up_on_and_a_talking_one_is_not()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0", "--idle-timeout", "2s");
        var endPoint = await EndPointAsync(server);
        await using var silent = await ConnectAsync(endPoint);
        await using var talking = await ConnectAsync(endPoint);

        var end = silent.ReadAsync(new byte[1], Token).AsTask();
        while (!end.IsCompleted)
        {
            Assert.Equal("still here", await EchoAsync(talking, "still here"));
        }

        Assert.Equal(0, await end);
        Assert.Equal("still here", await EchoAsync(talking, "still here"));
        await server.SaysAsync("info: .* ended: the peer is idle");
    }

    [Fact]
    public async Task Peer_that_resets_is_no_error_and_harms_nobody_else()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0");
        var endPoint = await EndPointAsync(server);
        var resetting = await ConnectAsync(endPoint);
        Assert.Equal("x", await EchoAsync(resetting, "x"));
        resetting.Abort();

        await server.SaysAsync("ended: the peer is gone, 1 bytes echoed");
        await using var other = await ConnectAsync(endPoint);
        Assert.Equal("y", await EchoAsync(other, "y"));
        Assert.DoesNotContain("fail:", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_above_the_limit_wait_for_their_turn()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0", "--max-connections", "1");
        var endPoint = await EndPointAsync(server);
        var first = await ConnectAsync(endPoint);
        Assert.Equal("first", await EchoAsync(first, "first"));

        await using var second = await ConnectAsync(endPoint);
        var echo = EchoAsync(second, "second");
        Assert.Equal("first again", await EchoAsync(first, "first again"));
        Assert.False(echo.IsCompleted);

        await first.DisposeAsync();
        Assert.Equal("second", await echo);
    }

    [Fact]
    public async Task Connections_above_the_limit_are_turned_away()
    {
        await using var server = SampleProcess.Start(
            "EchoServer", "--listen", "localhost:0", "--max-connections", "1", "--limit-mode", "reject");
        var endPoint = await EndPointAsync(server);
        await using var first = await ConnectAsync(endPoint);
        Assert.Equal("first", await EchoAsync(first, "first"));

        Assert.True(await IsTurnedAwayAsync(endPoint));
        Assert.Equal("first again", await EchoAsync(first, "first again"));
    }

    [Fact]
    public async Task Connections_of_an_address_above_its_limit_are_turned_away()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0", "--max-per-address", "1");
        var endPoint = await EndPointAsync(server);
        await using var first = await ConnectAsync(endPoint);
        Assert.Equal("first", await EchoAsync(first, "first"));

        Assert.True(await IsTurnedAwayAsync(endPoint));
        Assert.Equal("first again", await EchoAsync(first, "first again"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Signal_drains_and_counts_those_that_ended_by_themselves(bool terminate)
    {
        Assert.SkipUnless(terminate || SampleProcess.MayBeInterrupted, "SIGINT is ignored here, as it is in a shell's background, and so in what is started from here.");
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0");
        var endPoint = await EndPointAsync(server);
        await using var one = await ConnectAsync(endPoint);
        await using var two = await ConnectAsync(endPoint);
        Assert.Equal("one", await EchoAsync(one, "one"));
        Assert.Equal("two", await EchoAsync(two, "two"));

        if (terminate)
        {
            server.Terminate();
        }
        else
        {
            server.Interrupt();
        }

        Assert.Equal(0, await server.ExitAsync());
        Assert.Equal(0, await one.ReadAsync(new byte[1], Token)); // a polite end, not a reset
        await server.SaysAsync("Drained .* ended by themselves: 2, aborted: 0");
        Assert.DoesNotContain("fail:", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signal_aborts_and_counts_those_that_do_not_end()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0", "--drain-timeout", "1s");
        var endPoint = await EndPointAsync(server);
        await using var polite = await ConnectAsync(endPoint);
        Assert.Equal("polite", await EchoAsync(polite, "polite"));
        await using var stuck = await ConnectAsync(endPoint);
        await FillAsync(stuck);

        server.Terminate();

        Assert.Equal(0, await server.ExitAsync());
        await server.SaysAsync("Drained .* ended by themselves: 1, aborted: 1");
    }

    [Fact]
    public async Task Port_in_use_is_one_clear_sentence_and_exit_code_1()
    {
        await using var server = SampleProcess.Start("EchoServer", "--listen", "localhost:0");
        var taken = await EndPointAsync(server);

        var (exitCode, output) = await SampleProcess.RunAsync("EchoServer", "--listen", $"{taken}");

        Assert.Equal(1, exitCode);
        Assert.Matches($"^EchoServer: .*{Regex.Escape($"{taken}")}.* in use.*--listen", output);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--listen", "banana")]
    [InlineData("--listen", "banana:7007")]
    [InlineData("--listen", "localhost:99999")]
    [InlineData("--listen", "localhost:-1")]
    [InlineData("--listen", "::1:7007")]
    [InlineData("--listen", "unix:")]
    [InlineData("--listen", "unix:/a/path/that/is/far/too/long/for/a/unix/socket/because/the/system/has/room/for/only/one/hundred/and/seven/bytes")]
    [InlineData("--idle-timeout", "soon")]
    [InlineData("--idle-timeout", "-5s")]
    [InlineData("--idle-timeout", "0s")]
    [InlineData("--idle-timeout", "5")]
    [InlineData("--idle-timeout", "1e9s")]
    [InlineData("--idle-timeout", "1000000h")]
    [InlineData("--drain-timeout", "none")]
    [InlineData("--max-connections", "0")]
    [InlineData("--max-connections", "-3")]
    [InlineData("--max-connections", "many")]
    [InlineData("--max-connections", "99999999999999999999")]
    [InlineData("--limit-mode", "maybe")]
    [InlineData("--max-per-address", "0")]
    public async Task Garbage_is_refused_by_value_and_option_with_exit_code_2(string option, string value)
    {
        var (exitCode, output) = await SampleProcess.RunAsync("EchoServer", option, value);

        Assert.Equal(2, exitCode);
        Assert.Matches($"^EchoServer: {option} is \"{Regex.Escape(value)}\", but must be ", output);
    }

    [Theory]
    [InlineData("--listen needs a value", "--listen")]
    [InlineData("--listen needs a value", "--listen", "--idle-timeout", "1s")]
    [InlineData("\"--frobnicate\" is no option", "--frobnicate")]
    [InlineData("\"7007\" is one word too many", "7007")]
    [InlineData("--drain-timeout was given twice", "--drain-timeout", "1s", "--drain-timeout", "2s")]
    public async Task Command_line_that_makes_no_sense_is_refused_with_exit_code_2(string complaint, params string[] arguments)
    {
        var (exitCode, output) = await SampleProcess.RunAsync("EchoServer", arguments);

        Assert.Equal(2, exitCode);
        Assert.Contains(complaint, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_lists_the_options()
    {
        var (exitCode, output) = await SampleProcess.RunAsync("EchoServer", "--help");

        Assert.Equal(0, exitCode);
        Assert.All(
            ["--listen", "--idle-timeout", "--max-connections", "--limit-mode", "--max-per-address", "--drain-timeout"],
            option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    /// <summary>Waits until the server listens on localhost, and tells where.</summary>
    internal static async Task<IPEndPoint> EndPointAsync(SampleProcess server) => new(IPAddress.Loopback, await PortAsync(server));

    private static async Task<int> PortAsync(SampleProcess server)
    {
        var match = await server.SaysAsync(@"^Listening on \S+:(\d+)\. ");
        return int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private static async Task<Connection> ConnectAsync(IPEndPoint endPoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint, Token);
        var connection = Connection.FromSocket(socket);
        connection.SetDeadline(Deadline.After(TimeSpan.FromSeconds(60)));
        return connection;
    }

    private static async Task<string> EchoAsync(Connection connection, string text)
    {
        var message = Encoding.UTF8.GetBytes(text);
        var echo = new byte[message.Length];
        await connection.WriteAsync(message, Token);
        await connection.ReadExactlyAsync(echo, Token);
        return Encoding.UTF8.GetString(echo);
    }

    // Writes without reading until the server, which cannot write either, reads no more: until half a second moves nothing.
    private static async Task FillAsync(Connection connection)
    {
        var junk = new byte[1 << 20];
        connection.WriteTimeout = 500;
        while (true)
        {
            try
            {
                await connection.WriteAsync(junk, Token);
            }
            catch (DeadlineExceededException e) when (e.BytesTransferred > 0)
            {
                // The server is slow, not stuck.
            }
            catch (DeadlineExceededException)
            {
                return;
            }
        }
    }

    // By a reset, which may arrive before the client has seen that it is connected.
    private static async Task<bool> IsTurnedAwayAsync(IPEndPoint endPoint)
    {
        try
        {
            await using var connection = await ConnectAsync(endPoint);
            return await connection.ReadAsync(new byte[1], Token) == 0;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionReset;
        }
        catch (ConnectionException e)
        {
            return e.Error == ConnectionError.Reset;
        }
    }

    private static async Task<(int ExitCode, string Output)> TypedAsync(string server, string line)
    {
        await using var client = SampleProcess.Start("EchoClient", server);
        await client.TypeAsync(line);
        client.EndInput();
        return (await client.ExitAsync(), client.Output);
    }
}
