using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetKit.Tests.Serving;

/// <summary>Clients that send a byte a second, to hold handlers, are ended; others do not notice that they were there.</summary>
/// <remarks>
/// A thousand of them; the variable NETKIT_SLOWLORIS asks for another number, and for the strict bound of latency, which holds on
/// a machine that does nothing else.
/// </remarks>
[Collection(nameof(Alone))]
public sealed class SlowlorisTests
{
    private const int Legitimate = 8;
    private const int GraceSeconds = 5;
    private const int Descriptors = 19_000;

    // What a server may need for each connection, and for whatever the runtime makes of having more to do.
    private const long BytesPerConnection = 16 * 1024;
    private const long BytesForWork = 64 * 1024 * 1024;

    private readonly ConcurrentQueue<TimeSpan> _roundTrips = new();

    [Fact]
    public async Task Clients_that_send_a_byte_a_second_are_ended_and_hold_up_nobody()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "prlimit is Linux's.");
        var asked = Environment.GetEnvironmentVariable("NETKIT_SLOWLORIS");
        var count = int.Parse(asked ?? "1000", CultureInfo.InvariantCulture);
        var bound = asked is null ? TimeSpan.FromSeconds(1) : TimeSpan.FromMilliseconds(50);
        await using var server = await StarvedServer.StartAsync(Descriptors, "limited", "200", GraceSeconds.ToString(CultureInfo.InvariantCulture));
        using var stop = new CancellationTokenSource();
        var legitimate = Enumerable.Range(0, Legitimate).Select(_ => Task.Run(() => TalkAsync(server.EndPoint, stop.Token))).ToArray();
        await Eventually.True(() => _roundTrips.Count > 100, "Nobody was served.");
        var before = server.ResidentBytes;

        var most = 0L;
        var attack = Task.WhenAll(Enumerable.Range(0, count).Select(number => Task.Run(() => AttackAsync(server.EndPoint, number))));
        while (!attack.IsCompleted)
        {
            await Task.WhenAny(attack, Task.Delay(100, TestContext.Current.CancellationToken));
            most = Math.Max(most, server.ResidentBytes);
        }

        var lived = await attack;
        await stop.CancelAsync();
        await Task.WhenAll(legitimate).Within();
        var roundTrips = _roundTrips.Order().ToArray();
        var p99 = roundTrips[roundTrips.Length * 99 / 100];
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count} attackers lived for {lived.Min().TotalSeconds:0.0} to {lived.Max().TotalSeconds:0.0} s; {roundTrips.Length} round trips, p50 {roundTrips[roundTrips.Length / 2].TotalMilliseconds:0.00} ms, p99 {p99.TotalMilliseconds:0.00} ms; resident {before / 1048576} MB before, {most / 1048576} MB at the most."));

        Assert.True(lived.Min() >= TimeSpan.FromSeconds(GraceSeconds - 1), "A client was ended before it could be known to be slow.");
        Assert.True(lived.Max() < TimeSpan.FromSeconds(GraceSeconds) + Eventually.Bound, "A slow client was not ended.");
        Assert.InRange(p99, TimeSpan.Zero, bound);
        Assert.InRange(most, 0, before + (count * BytesPerConnection) + BytesForWork);
    }

    /// <summary>Sends a byte a second until the server has had enough; tells how long that took.</summary>
    private static async Task<TimeSpan> AttackAsync(IPEndPoint endPoint, int number)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + (number % 200))]), 0));

        // Before the server can know of it: on a busy machine this code goes on long after the connection is there.
        var start = Stopwatch.GetTimestamp();
        await socket.ConnectAsync(endPoint);
        try
        {
            while (Stopwatch.GetElapsedTime(start) < Eventually.Bound * 2)
            {
                await socket.SendAsync(new byte[1]);
                await Task.Delay(1000);
            }
        }
        catch (SocketException)
        {
            // Reset.
        }

        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Sends 64 bytes, waits for their echo, rests a little, and so on. It must never fail.</summary>
    private async Task TalkAsync(IPEndPoint endPoint, CancellationToken stop)
    {
        await using var client = Connection.FromSocket(await Dial.SocketAsync(endPoint, CancellationToken.None));
        var message = new byte[64];
        while (!stop.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            await client.WriteAsync(message, CancellationToken.None);
            await client.ReadExactlyAsync(message, CancellationToken.None);
            _roundTrips.Enqueue(Stopwatch.GetElapsedTime(start));
            await Task.Delay(5, CancellationToken.None);
        }
    }
}
