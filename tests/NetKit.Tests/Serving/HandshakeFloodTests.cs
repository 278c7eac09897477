using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;

namespace NetKit.Tests.Serving;

/// <summary>What crowds of clients do to a server's handshakes, and to those who are served already.</summary>
[Collection(nameof(Alone))]
public sealed class HandshakeFloodTests
{
    private const int Crowd = 500;
    private const int Flooders = 4;

    private static readonly TimeSpan s_sampling = TimeSpan.FromSeconds(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Clients_that_say_nothing_or_half_of_it_keep_nobody_out()
    {
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions
        {
            Tls = new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost },
            HandshakeTimeout = TimeSpan.FromMinutes(10),
            MaxConcurrentHandshakes = 1,
        });
        var established = await server.DialTlsAsync();
        var idlers = new List<Socket>();
        for (var count = 0; count < Crowd; count++)
        {
            idlers.Add(await Dial.SocketAsync(server.Listener));
            idlers.Add(await Dial.SocketAsync(server.Listener));
            await idlers[^1].SendAsync(new byte[] { 0x16, 3, 1, 1, 0, 1, 0, 0, 0xFC }, Token);
        }

        await Eventually.Equal(2 * Crowd, () => server.Server.Prefaces!.Count);
        for (var count = 0; count < 20; count++)
        {
            await using var client = await server.DialTlsAsync();
            await RunningServer.AssertEchoes(established);
        }

        // A handler may answer before the server has crossed its client off the list of those in their handshake.
        await Eventually.Equal(2 * Crowd, () => server.Server.Prefaces!.Count);
        Assert.DoesNotContain(idlers, static socket => socket.Poll(0, SelectMode.SelectRead));
        idlers.ForEach(static socket => socket.Dispose());
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
        await Eventually.Equal(1, () => server.Server.ActiveConnections);
        Assert.Equal(0, server.Server.Prefaces!.Gate.Taken);
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Established_connections_are_served_on_while_handshakes_flood_the_server()
    {
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions
        {
            Tls = new SslServerAuthenticationOptions { ServerCertificate = Certificates.Localhost },
        });
        await using var established = await server.DialTlsAsync();
        var calm = await MeasureAsync(established);

        using var stop = new CancellationTokenSource();
        var flooding = Enumerable.Range(0, Flooders).Select(_ => Waiting.OnThread(() => Flood(server, stop.Token))).ToArray();
        var flooded = await MeasureAsync(established);
        await stop.CancelAsync();
        var handshakes = (await Task.WhenAll(flooding).Within()).Sum();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{handshakes} handshakes in {s_sampling}; echoes calm: {calm.Count}, median {calm.Median}, 99 % {calm.Tail}; flooded: {flooded.Count}, median {flooded.Median}, 99 % {flooded.Tail}");

        // The flooders compute here too, so the machine is beyond its means: a share of it is what an echo can expect.
        Assert.True(handshakes > 100, $"That was no flood: {handshakes} handshakes.");
        Assert.True(flooded.Tail < (20 * calm.Tail) + TimeSpan.FromMilliseconds(100), $"An echo took {flooded.Tail} while handshakes flooded the server, and {calm.Tail} before.");
        await Eventually.Equal(1, () => server.Server.ActiveConnections);
        await Eventually.Equal(0, () => server.Server.Prefaces!.Count);
        Assert.Equal(0, server.Server.Prefaces!.Gate.Taken);
    }

    private static async Task<(int Count, TimeSpan Median, TimeSpan Tail)> MeasureAsync(TlsConnection client)
    {
        var took = new List<TimeSpan>();
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < s_sampling;)
        {
            var sent = Stopwatch.GetTimestamp();
            await RunningServer.AssertEchoes(client);
            took.Add(Stopwatch.GetElapsedTime(sent));
        }

        took.Sort();
        return (took.Count, took[took.Count / 2], took[took.Count * 99 / 100]);
    }

    // On a thread of its own, without a pool: that belongs to the server.
    private static int Flood(RunningServer server, CancellationToken stop)
    {
        var count = 0;
        while (!stop.IsCancellationRequested)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.LingerState = new LingerOption(true, 0);
            socket.Connect(server.Listener.LocalEndPoint);
            using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false);
            try
            {
                tls.AuthenticateAsClient(TlsClient.Asking());
                count++;
            }
            catch (IOException)
            {
                // Turned away by a server that stops.
            }
        }

        return count;
    }
}
