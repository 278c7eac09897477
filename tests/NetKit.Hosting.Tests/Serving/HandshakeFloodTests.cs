using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using NetKit.Tests.Samples;

namespace NetKit.Tests.Hosting.Serving;

/// <summary>Other processes flood a server with handshakes that cost them little and it much: each says hello, and leaves when it is answered.</summary>
[Collection(nameof(Alone))]
public sealed class HandshakeFloodTests : IDisposable
{
    private const int Watchdog = 180_000;
    private const int Flooders = 2;
    private const int AtATime = 50;

    private static readonly TimeSpan s_sampling = TimeSpan.FromSeconds(2);

    private readonly TemporaryFolder _folder = new();
    private volatile bool _isOver;

    public void Dispose() => _folder.Dispose();

    [Theory(Timeout = Watchdog)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Established_connections_are_served_on_and_new_ones_come_in(int gate)
    {
        var (certificate, key) = Certificates.MakePem("localhost");
        await File.WriteAllTextAsync(_folder.File("tls.pem"), certificate + "\n" + key, TestContext.Current.CancellationToken);
        await using var server = SampleProcess.StartTestProgram(
            "NetKit.Hosting.Tests.Server", "--Server:EndPoint=127.0.0.1:0", $"--Server:CertificatePath={_folder.File("tls.pem")}", $"--Server:MaxConcurrentHandshakes={gate}");
        var port = int.Parse((await server.SaysAsync(@"serving at port (\d+)")).Groups[1].Value, CultureInfo.InvariantCulture);
        using var established = Connect(port);
        await OnThread(() => Measure(established));
        var calm = await OnThread(() => Measure(established));

        var hello = ClientHello();
        var flooding = Enumerable.Range(0, Flooders).Select(_ => OnThread(() => Flood(port, hello))).ToArray();
        var flooded = await OnThread(() => Measure(established));
        var (newcomers, before) = (0, Stopwatch.GetTimestamp());
        await OnThread(() =>
        {
            for (; newcomers < 5; newcomers++)
            {
                using var newcomer = Connect(port);
                Talk(newcomer);
            }

            return newcomers;
        }).Within();
        var took = Stopwatch.GetElapsedTime(before) / newcomers;
        _isOver = true;
        var hellos = (await Task.WhenAll(flooding).Within()).Sum();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"gate of {gate}: {hellos} hellos answered; answers calm: {Format(calm)}; flooded: {Format(flooded)}; a new client came in within {took.TotalMilliseconds:0} ms");

        // The flooders compute on this machine too: a share of it is what an answer can expect.
        Assert.True(hellos > 100, $"That was no flood: {hellos} hellos.");
        Assert.True(
            Percentile(flooded, 99) < (20 * Percentile(calm, 99)) + TimeSpan.FromMilliseconds(100),
            $"Answers took {Format(flooded)} while handshakes flooded the server, and {Format(calm)} before.");
        established.Dispose();
        server.Terminate();
        Assert.Equal(0, await server.ExitAsync());
        Assert.Matches(@"begun (\d+), finished \1\b", server.Output);
    }

    /// <summary>What a client says first.</summary>
    private static byte[] ClientHello()
    {
        using var said = new MemoryStream();
        using var client = new SslStream(said);
        try
        {
            client.AuthenticateAsClient("localhost");
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            // Nobody answered.
        }

        return said.ToArray();
    }

    private static SslStream Connect(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        tls.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
        });
        return tls;
    }

    private static void Talk(SslStream client)
    {
        client.Write([0]);
        client.ReadExactly(new byte["begun...".Length]);
    }

    private static TimeSpan[] Measure(SslStream client)
    {
        var took = new List<TimeSpan>();
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < s_sampling;)
        {
            var sent = Stopwatch.GetTimestamp();
            Talk(client);
            took.Add(Stopwatch.GetElapsedTime(sent));
            Thread.Sleep(1);
        }

        took.Sort();
        return [.. took];
    }

    private int Flood(int port, byte[] hello)
    {
        var count = 0;
        var sockets = new Socket[AtATime];
        while (!_isOver)
        {
            for (var index = 0; index < sockets.Length; index++)
            {
                sockets[index] = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0), ReceiveTimeout = 5_000 };
                sockets[index].Connect(IPAddress.Loopback, port);
                sockets[index].Send(hello);
            }

            foreach (var socket in sockets)
            {
                try
                {
                    count += socket.Receive(new byte[1]);
                }
                catch (SocketException)
                {
                    // Turned away.
                }

                socket.Dispose();
            }
        }

        return count;
    }

    // Threads of their own: the pool is not to be measured with the server.
    private static Task<T> OnThread<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static TimeSpan Percentile(TimeSpan[] sorted, int percent) => sorted[sorted.Length * percent / 100];

    private static string Format(TimeSpan[] sorted) => string.Create(
        CultureInfo.InvariantCulture,
        $"{sorted.Length} of p50 {Percentile(sorted, 50).TotalMilliseconds:0.00} ms, p99 {Percentile(sorted, 99).TotalMilliseconds:0.00} ms");
}
