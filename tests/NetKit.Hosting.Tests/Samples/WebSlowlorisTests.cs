using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Samples;

/// <summary>The web sample, among clients that send a byte a second in all ways there are. A process of its own, as the attackers are.</summary>
/// <remarks>
/// Two hundred of them; the variable NETKIT_SLOWLORIS asks for another number, and for the strict bound of latency, which holds on
/// a machine that does nothing else.
/// </remarks>
[Collection(nameof(Alone))]
public sealed class WebSlowlorisTests
{
    private const int Watchdog = 180_000;
    private const int Legitimate = 8;

    // The sample allows 5 s, and it is some more until Kestrel looks and an attacker knows. Less than Kestrel's own 30 s.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(25);

    // What a connection may need, and what the runtime makes of having more to do.
    private const long BytesPerConnection = 32 * 1024;
    private const long BytesForWork = 96 * 1024 * 1024;

    /// <summary>How attackers begin, at which of the sample's ports. What follows is their bytes, one a second.</summary>
    private static readonly (int Port, byte[] Beginning)[] s_attacks =
    [
        (0, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "u8.ToArray()),
        (0, "POST /plaintext HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"u8.ToArray()),
        (0, []),
        (1, [0x16, 3, 1, 1, 0, 1, 0, 0, 0xFC]),
    ];

    private readonly ConcurrentQueue<TimeSpan> _answers = new();
    private readonly ConcurrentQueue<TimeSpan> _newcomers = new();
    private volatile bool _isOver;

    [Fact(Timeout = Watchdog)]
    public async Task Clients_that_send_a_byte_a_second_are_ended_and_hold_up_nobody()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems have no sources such as 127.0.0.2.");
        var asked = Environment.GetEnvironmentVariable("NETKIT_SLOWLORIS");
        var count = int.Parse(asked ?? "200", CultureInfo.InvariantCulture);
        var bound = asked is null ? TimeSpan.FromSeconds(1) : TimeSpan.FromMilliseconds(50);
        await using var web = SampleProcess.Start("Web", "--port", "0");
        var ports = await Task.WhenAll(PortAsync(web, "curl http:"), PortAsync(web, "curl -k --http2 https:"));
        using var server = Process.GetProcessById(web.Id);
        var legitimate = Enumerable.Range(0, Legitimate).Select(_ => OnThread(() => Visit(ports[0], stays: true, _answers)))
            .Append(OnThread(() => Visit(ports[0], stays: false, _newcomers))).ToArray();
        await Eventually.True(() => _answers.Count > 500 && _newcomers.Count > 50, "Nobody was served.");
        _answers.Clear();
        _newcomers.Clear();
        var (before, most) = (ResidentBytes(server), 0L);

        var attack = Task.WhenAll(Enumerable.Range(0, count).Select(number => Task.Run(() => AttackAsync(ports, number))));
        while (!attack.IsCompleted)
        {
            await Task.WhenAny(attack, Task.Delay(100, TestContext.Current.CancellationToken));
            most = Math.Max(most, ResidentBytes(server));
        }

        var lived = await attack;
        _isOver = true;
        await Task.WhenAll(legitimate).Within();
        var (answers, newcomers) = (_answers.Order().ToArray(), _newcomers.Order().ToArray());
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count} attackers lived for {string.Join(", ", s_attacks.Select((_, kind) => Format(lived.Where((_, number) => number % s_attacks.Length == kind))))} s; {answers.Length} answers, {Format(answers)}; {newcomers.Length} new connections, {Format(newcomers)}; resident {before / 1048576} MB before, {most / 1048576} MB at the most."));

        Assert.True(lived.Max() < s_patience, $"A slow client lived for {lived.Max()}.");
        Assert.InRange(Percentile(answers, 99), TimeSpan.Zero, bound);
        Assert.InRange(most, 0, before + (count * BytesPerConnection) + BytesForWork);
        web.Terminate();
        Assert.Equal(0, await web.ExitAsync());
    }

    /// <summary>Sends a byte a second until the server has had enough; tells how long that took.</summary>
    private static async Task<TimeSpan> AttackAsync(int[] ports, int number)
    {
        var (port, beginning) = s_attacks[number % s_attacks.Length];
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + (number % 200))]), 0));
        await socket.ConnectAsync(IPAddress.Loopback, ports[port]);
        var start = Stopwatch.GetTimestamp();
        try
        {
            await socket.SendAsync(beginning);
            while (Stopwatch.GetElapsedTime(start) < s_patience)
            {
                await socket.SendAsync("x"u8.ToArray());
                await Task.Delay(1000);
            }
        }
        catch (SocketException)
        {
            // Ended.
        }

        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Asks, rests a little, and so on, with a new connection each time or not. It must never fail.</summary>
    private void Visit(int port, bool stays, ConcurrentQueue<TimeSpan> took)
    {
        var received = new byte[1024];
        Socket? socket = null;
        while (!_isOver)
        {
            var start = Stopwatch.GetTimestamp();
            if (socket is null)
            {
                socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Connect(IPAddress.Loopback, port);
            }

            socket.Send("GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n"u8);
            for (var length = 0; received.AsSpan(0, length).IndexOf("Hello, World!"u8) < 0;)
            {
                var more = socket.Receive(received.AsSpan(length));
                Assert.True(more > 0, "A legitimate client was turned away.");
                length += more;
            }

            took.Enqueue(Stopwatch.GetElapsedTime(start));
            if (!stays)
            {
                socket.Dispose();
                socket = null;
            }

            Thread.Sleep(5);
        }

        socket?.Dispose();
    }

    private static async Task<int> PortAsync(SampleProcess web, string beginning) =>
        int.Parse((await web.SaysAsync(beginning + @"//\S+:(\d+)/")).Groups[1].Value, CultureInfo.InvariantCulture);

    // Threads of their own, so that the attackers' work in this process is not measured with the server's.
    private static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static long ResidentBytes(Process server)
    {
        server.Refresh();
        return server.WorkingSet64;
    }

    private static TimeSpan Percentile(TimeSpan[] sorted, int percent) => sorted[sorted.Length * percent / 100];

    private static string Format(IEnumerable<TimeSpan> lived) => string.Create(
        CultureInfo.InvariantCulture, $"{lived.Min().TotalSeconds:0.0}-{lived.Max().TotalSeconds:0.0}");

    private static string Format(TimeSpan[] sorted) => string.Create(
        CultureInfo.InvariantCulture,
        $"p50 {Percentile(sorted, 50).TotalMilliseconds:0.00} ms, p99 {Percentile(sorted, 99).TotalMilliseconds:0.00} ms, most {sorted[^1].TotalMilliseconds:0.00} ms");
}
