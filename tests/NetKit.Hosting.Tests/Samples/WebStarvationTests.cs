using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NetKit.Tests.Hosting;

namespace NetKit.Tests.Samples;

/// <summary>More clients than the process of the web sample has descriptors: Kestrel on NetKit must live through it, and go on when some return.</summary>
[Collection(nameof(Alone))]
public sealed class WebStarvationTests
{
    private const int Watchdog = 180_000;
    private const int Established = 5;

    // Before the first client some 220 are taken: two for each assembly and each thread. And NetKit spares 32 for the runtime.
    private const int Descriptors = 384;
    private const int Fewest = 20;
    private const int Clients = 300;

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    [Fact(Timeout = Watchdog)]
    public async Task A_starved_web_server_serves_those_it_has_stays_idle_and_serves_others_when_descriptors_return()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "prlimit and /proc are Linux's.");
        await using var web = SampleProcess.StartStarved("Web", Descriptors, "--port", "0");
        var port = int.Parse((await web.SaysAsync(@"curl http://\S+:(\d+)/")).Groups[1].Value, CultureInfo.InvariantCulture);
        var established = await Task.WhenAll(Enumerable.Range(0, Established).Select(_ => ConnectAsync(port)));
        await AssertAllServedAsync(established);

        var recoveries = new List<TimeSpan>();
        for (var round = 0; round < 2; round++)
        {
            var crowd = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => ConnectOrBeTurnedAwayAsync(port)));
            var served = 0;
            var asking = crowd.Select(async client =>
            {
                if (await IsServedAsync(client))
                {
                    Interlocked.Increment(ref served);
                }
            }).ToArray();
            await Eventually.True(() => Volatile.Read(ref served) > Fewest, () => $"only {served} were served");
            await AssertCalmsDownAsync(web);
            Assert.True(served < Clients, "There were descriptors enough for everybody.");
            await AssertAllServedAsync(established);
            foreach (var client in crowd)
            {
                client.Dispose();
            }

            await Task.WhenAll(asking).Within();
            var left = Stopwatch.GetTimestamp();
            await Eventually.True(() => IsServedNow(port), () => $"nobody is served any more: {web.Output}");
            recoveries.Add(Stopwatch.GetElapsedTime(left));
            await AssertAllServedAsync(established);
        }

        // One recovery in time shows that nothing has to be waited for; the others may have had a busy neighbour.
        TestContext.Current.TestOutputHelper?.WriteLine($"New clients were served after {string.Join(", ", recoveries)}");
        Assert.True(recoveries.Min() < TimeSpan.FromSeconds(1), $"New clients were served after {string.Join(", ", recoveries)}");
        web.Terminate();
        Assert.Equal(0, await web.ExitAsync());
        Array.ForEach(established, static client => client.Dispose());
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    // Who is turned away may hear of it as early as by its connect. It asks in vain then.
    private static async Task<Socket> ConnectOrBeTurnedAwayAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
        }

        return socket;
    }

    private static async Task AssertAllServedAsync(Socket[] clients)
    {
        foreach (var client in clients)
        {
            Assert.True(await IsServedAsync(client).Within(), "A connection that the server has was not served any more.");
        }
    }

    /// <summary>Asks; false when the client is turned away, and when it goes home.</summary>
    private static async Task<bool> IsServedAsync(Socket client)
    {
        try
        {
            await client.SendTextAsync("GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n");
            var received = new byte[1024];
            for (var length = 0; received.AsSpan(0, length).IndexOf("Hello, World!"u8) < 0;)
            {
                var more = await client.ReceiveAsync(received.AsMemory(length));
                if (more == 0)
                {
                    return false;
                }

                length += more;
            }

            return true;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static bool IsServedNow(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 500 };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            socket.Send("GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n"u8);
            return socket.Receive(new byte[1024]) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>What the crowd makes the server do comes to an end: it must not try in vain again and again.</summary>
    private static async Task AssertCalmsDownAsync(SampleProcess web)
    {
        using var process = Process.GetProcessById(web.Id);
        var began = Stopwatch.GetTimestamp();
        var load = 1.0;
        while (load > 0.1)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Eventually.Bound, $"The starved server used {load:P0} of a core.");
            process.Refresh();
            Assert.False(process.HasExited, $"The starved server died: {web.Output}");
            var (start, before) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime);
            await Task.Delay(s_window, TestContext.Current.CancellationToken);
            process.Refresh();
            Assert.False(process.HasExited, $"The starved server died: {web.Output}");
            load = (process.TotalProcessorTime - before) / Stopwatch.GetElapsedTime(start);
        }
    }
}
