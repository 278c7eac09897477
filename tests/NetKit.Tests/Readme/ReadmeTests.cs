using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Threading.RateLimiting;

namespace NetKit.Tests.Readme;

public sealed class ReadmeTests
{
    private static readonly string s_readme = Text("README.md");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Its_code_is_code_that_compiles()
    {
        var compiled = Trimmed(
            Text("tests", "NetKit.Tests", "Readme", "ReadmeExamples.cs") + Text("tests", "NetKit.Hosting.Tests", "Readme", "HostingExamples.cs"));
        var blocks = Regex.Matches(s_readme, @"^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline);

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(Trimmed(block.Groups[1].Value), compiled, StringComparison.Ordinal));
        Assert.All(blocks, block => Assert.True(block.Groups[1].Value.Count(character => character == '\n') < 16, "Too long to read at a glance."));
    }

    [Fact]
    public void It_names_the_usings_of_its_code()
    {
        var examples = Text("tests", "NetKit.Tests", "Readme", "ReadmeExamples.cs") + Text("tests", "NetKit.Hosting.Tests", "Readme", "HostingExamples.cs");
        var usings = Regex.Matches(examples, "^using ([^;]+);", RegexOptions.Multiline).Select(static match => match.Groups[1].Value).ToHashSet();
        usings.Remove("Microsoft.AspNetCore.Builder"); // implicit in a web app
        var named = Regex.Matches(Regex.Match(s_readme, @"^Beyond the implicit usings.*?\n\n", RegexOptions.Singleline | RegexOptions.Multiline).Value, "`([^`]+)`");

        Assert.Equal(usings.Append("NetKit").Order(), named.Select(static match => match.Groups[1].Value).Order());
    }

    [Fact]
    public void Its_links_lead_somewhere()
    {
        var links = Regex.Matches(s_readme, @"\]\((?!https?:)([^)#]+)[^)]*\)");

        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(Path.Exists(Repository.PathOf(link.Groups[1].Value)), link.Value));
    }

    [Fact]
    public async Task Its_server_echoes()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var port = FreePort();
        var serving = ReadmeExamples.ServeEchoAsync(port, stop.Token);

        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, Token);
        await using var client = Connection.FromSocket(socket);
        client.SetDeadline(Deadline.After(TimeSpan.FromSeconds(60)));
        await client.WriteAsync(new byte[] { 1, 2, 3 }, Token);
        var echo = new byte[3];
        await client.ReadExactlyAsync(echo, Token);
        Assert.Equal([1, 2, 3], echo);

        await stop.CancelAsync();
        await serving;
        Assert.Equal(0, await client.ReadAsync(echo, Token));
    }

    [Fact]
    public async Task Its_exposed_server_serves_each_address_within_its_limit()
    {
        await using var perAddress = PartitionedRateLimiter.Create<IPAddress, IPAddress>(
            static address => RateLimitPartition.GetConcurrencyLimiter(address, static _ => new ConcurrencyLimiterOptions { PermitLimit = 1 }));
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, ReadmeExamples.Exposed(perAddress));
        await server.DialServedAsync();
        Assert.Equal(-1, await server.AskAsync());
    }

    [Fact]
    public async Task Its_room_is_heard_by_everybody_in_it()
    {
        using var room = new Broadcaster<byte[]>();
        await using var server = RunningServer.OnTcp((connection, stopping) => ReadmeExamples.ListenAsync(room, connection, stopping));
        Connection[] clients = [await server.DialAsync(), await server.DialAsync()];
        await Eventually.Equal(clients.Length, () => room.SubscriberCount);
        room.Publish([1, 2, 3]);
        foreach (var client in clients)
        {
            var message = new byte[3];
            await client.ReadExactlyAsync(message, Token).AsTask().Within();
            Assert.Equal([1, 2, 3], message);
        }
    }

    [Fact]
    public async Task Its_secured_server_takes_a_header_and_then_TLS()
    {
        using var folder = new TemporaryFolder();
        var (certificate, key) = Certificates.MakePem("localhost");
        await File.WriteAllTextAsync(folder.File("tls.crt"), certificate, Token);
        await File.WriteAllTextAsync(folder.File("tls.key"), key, Token);
        await using var server = RunningServer.InMemory(RunningServer.EchoAsync, ReadmeExamples.Secured(folder.Path));
        var plain = await server.DialAsync();
        await plain.WriteAsync("PROXY TCP4 203.0.113.7 10.0.0.1 40000 443\r\n"u8.ToArray(), Token);
        await using var client = await plain.AuthenticateAsClientAsync(
            new() { TargetHost = "localhost", RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null }, Token);
        await RunningServer.AssertEchoes(client);
    }

    [Fact]
    public async Task Its_read_goes_on_after_the_deadline()
    {
        var (connection, peer) = Connection.CreatePair();
        await using var ownConnection = connection;
        await using var ownPeer = peer;
        var reading = ReadmeExamples.ReadPatientlyAsync(connection, new byte[10]);

        // The second deadline is how one sees from outside that the first has passed.
        while (connection.ReadDeadline.IsNone || connection.ReadDeadline.Remaining < TimeSpan.FromSeconds(2))
        {
            Assert.False(reading.IsCompleted);
            await Task.Yield();
        }

        await peer.WriteAsync(new byte[7], Token);
        Assert.Equal(7, await reading);
    }

    [Fact]
    public async Task Its_frames_come_back()
    {
        var (connection, peer) = Connection.CreatePair();
        await using var ownConnection = connection;
        await using var ownPeer = peer;
        var echoing = ReadmeExamples.EchoFramesAsync(connection, Token);
        await peer.WriteAsync(new byte[] { 0, 0, 0, 2, 7, 8 }, Token);
        var echo = new byte[6];
        await peer.ReadExactlyAsync(echo, Token);
        Assert.Equal([0, 0, 0, 2, 7, 8], echo);
        await peer.CompleteWritesAsync(Token);
        await echoing;
    }

    [Fact]
    public async Task Its_client_gets_the_page_of_a_server_that_opens_late()
    {
        using var place = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        place.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var page = ReadmeExamples.GetPageAsync("127.0.0.1", ((IPEndPoint)place.LocalEndPoint!).Port, Token);
        place.Listen();
        using var client = await place.AcceptAsync(Token);
        await client.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate"u8.ToArray(), Token);
        Assert.Equal("late", await page);
    }

    [Fact]
    public async Task Its_exchanges_share_a_connection_of_a_pool()
    {
        await using var listener = ConnectionListener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var server = new ConnectionServer(listener, static (connection, stopping) => connection.CopyToAsync(connection, stopping));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var serving = server.RunAsync(stop.Token);
        await using (var pool = new ConnectionPool(new RetryingDialer(new Dialer()), listener.LocalEndPoint))
        {
            // What is echoed is an answer too: its length in two bytes, and so many more.
            Assert.Equal("how?"u8.ToArray(), await ReadmeExamples.AskAsync(pool, [0, 4, .. "how?"u8], Token));
            Assert.Equal("why?"u8.ToArray(), await ReadmeExamples.AskAsync(pool, [0, 4, .. "why?"u8], Token));
            Assert.Equal((1, 1), (pool.GetStatistics().Dialed, pool.GetStatistics().Reused));
        }

        await stop.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task Its_adaptive_read_learns_from_what_it_cuts_short()
    {
        var (connection, peer) = Connection.CreatePair();
        await using var ownConnection = connection;
        await using var ownPeer = peer;
        var adaptive = new AdaptiveTimeout();
        for (var quick = 0; quick < 100; quick++)
        {
            adaptive.Record(TimeSpan.FromMilliseconds(5));
        }

        var before = adaptive.Current;
        await Assert.ThrowsAsync<DeadlineExceededException>(() => ReadmeExamples.ReadInTimeAsync(connection, new byte[1], adaptive));
        Assert.True(adaptive.Current > before, $"{adaptive.Current} after {before}");
        await peer.WriteAsync(new byte[1], Token);
        Assert.Equal(1, await ReadmeExamples.ReadInTimeAsync(connection, new byte[1], adaptive));
    }

    private static string Text(params string[] path) => File.ReadAllText(Repository.PathOf(path)).ReplaceLineEndings("\n");

    // Without indentation, access and blank lines, which differ between a page and a class.
    private static string Trimmed(string code) => string.Join(
        '\n',
        code.Split('\n').Select(line => Regex.Replace(line.Trim(), "^(public|private) static ", "static ")).Where(line => line.Length > 0));

    private static int FreePort()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }
}
