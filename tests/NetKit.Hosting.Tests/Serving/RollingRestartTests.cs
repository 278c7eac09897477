using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NetKit.Tests.Samples;

namespace NetKit.Tests.Hosting.Serving;

/// <summary>SIGTERM to real processes. NETKIT_RESTARTS and NETKIT_RESTART_CLIENTS set how many; 50 and 200 are the full size.</summary>
public sealed class RollingRestartTests
{
    private const int Watchdog = 600_000;
    private const string Program = "NetKit.Hosting.Tests.Server";

    private static readonly TimeSpan s_drainTimeout = TimeSpan.FromSeconds(10);

    [Fact(Timeout = Watchdog)]
    public async Task SIGTERM_lets_the_request_that_is_begun_finish_and_ends_idle_connections_at_once()
    {
        await using var server = Start(0);
        var port = await PortOfAsync(server);
        using var idle = await ConnectAsync(port);
        using var busy = await ConnectAsync(port);
        Assert.True(await BeginAsync(busy, units: 100));
        server.Terminate();
        Assert.Equal(0, await idle.ReceiveAsync(new byte[1].AsMemory()).AsTask().Within());
        Assert.True(await FinishAsync(busy));
        Assert.Equal(0, await server.ExitAsync());
        Assert.Matches("begun 1, finished 1", server.Output);
    }

    [Fact(Timeout = Watchdog)]
    public async Task Servers_are_replaced_under_load_and_no_request_that_one_has_begun_is_cut()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The next server shares the port of the last, which only Linux spreads clients over.");
        var (restarts, clients) = (Number("NETKIT_RESTARTS", 4), Number("NETKIT_RESTART_CLIENTS", 20));
        var load = new Load();
        var (server, next) = (Start(0), (SampleProcess?)null);
        try
        {
            var port = await PortOfAsync(server);
            var running = Enumerable.Range(0, clients).Select(_ => load.RunAsync(port)).ToArray();
            for (var restart = 0; restart < restarts; restart++)
            {
                next = Start(port);
                await PortOfAsync(next);
                var answered = load.Answered;
                await Eventually.True(() => load.Answered >= answered + clients, "the load stands still");
                await EndAsync(server);
                await server.DisposeAsync();
                (server, next) = (next, null);
            }

            load.Stop();
            await Task.WhenAll(running).Within();
            Assert.Equal(0, load.Cut);
            await EndAsync(server);
            TestContext.Current.TestOutputHelper?.WriteLine($"{restarts} restarts, {clients} clients, {load.Answered} answers, {load.Cut} cut");
        }
        finally
        {
            load.Stop();
            await server.DisposeAsync();
            if (next is not null)
            {
                await next.DisposeAsync();
            }
        }
    }

    private static async Task EndAsync(SampleProcess server)
    {
        var told = Stopwatch.GetTimestamp();
        server.Terminate();
        Assert.True(await server.ExitAsync() == 0, server.Output);
        Assert.True(Stopwatch.GetElapsedTime(told) < s_drainTimeout, "Nothing but requests of milliseconds was left to drain.");
        Assert.Matches(@"begun (\d+), finished \1\b", server.Output);
    }

    private static SampleProcess Start(int port) => SampleProcess.StartTestProgram(
        Program, $"--Server:EndPoint=127.0.0.1:{port}", "--Server:Listener:ReusePort=true", $"--Server:DrainTimeout={s_drainTimeout}");

    private static async Task<int> PortOfAsync(SampleProcess server) =>
        int.Parse((await server.SaysAsync(@"serving at port (\d+)")).Groups[1].Value, CultureInfo.InvariantCulture);

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    /// <summary>Asks, and tells whether the server has begun.</summary>
    private static async Task<bool> BeginAsync(Socket socket, byte units)
    {
        await socket.SendAsync(new[] { units }.AsMemory());
        return await socket.ReceiveAsync(new byte[1].AsMemory()).AsTask().Within() == 1;
    }

    /// <summary>Waits for the rest of the answer, and tells whether it came.</summary>
    private static async Task<bool> FinishAsync(Socket socket)
    {
        var rest = new byte[7];
        for (var received = 0; received < rest.Length;)
        {
            if (await socket.ReceiveAsync(rest.AsMemory(received)).AsTask().Within() is not (> 0 and var count))
            {
                return false;
            }

            received += count;
        }

        return rest.AsSpan().SequenceEqual("egun..."u8);
    }

    /// <summary>Clients that ask one request after the other, and connect again when a server has left.</summary>
    private sealed class Load
    {
        private volatile bool _isOver;
        private long _answered;
        private long _cut;

        public long Answered => Interlocked.Read(ref _answered);

        public long Cut => Interlocked.Read(ref _cut);

        public void Stop() => _isOver = true;

        public async Task RunAsync(int port)
        {
            while (!_isOver)
            {
                try
                {
                    using var socket = await ConnectAsync(port);
                    while (!_isOver && await BeginAsync(socket, (byte)Random.Shared.Next(3)))
                    {
                        await EndAsync(socket);
                    }
                }
                catch (SocketException)
                {
                    // Turned away, or told goodbye, before a request had begun.
                }
            }
        }

        private async Task EndAsync(Socket socket)
        {
            try
            {
                var isWhole = await FinishAsync(socket);
                Interlocked.Increment(ref isWhole ? ref _answered : ref _cut);
            }
            catch (SocketException)
            {
                Interlocked.Increment(ref _cut);
            }
        }
    }
}
