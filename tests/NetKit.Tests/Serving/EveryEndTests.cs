using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace NetKit.Tests.Serving;

/// <summary>However connections end, everything that was taken for them is given back.</summary>
/// <remarks>Several thousand of them; the variable NETKIT_CHURN asks for another number.</remarks>
[Collection(nameof(Alone))]
public sealed class EveryEndTests
{
    private const int Clients = 24; // at once
    private const int MaxConnections = 20;
    private const int PerNetwork = 15; // of two, one of which most clients come from

    private static readonly string[] s_reasons =
        ["rejected limit", "rejected address", "rejected rate", "timed_out idle_timeout", "timed_out stalled_write", "timed_out lifetime"];

    private readonly ConcurrentDictionary<string, long> _sums = new();

    private enum End : byte
    {
        ClientAborts,
        ClientFinishes,
        HandlerThrows,
        HandlerReturns,
        Idle,
        Stalled,
        Lifetime,
    }

    [Fact]
    public async Task Nothing_is_left_of_connections_that_ended_in_every_way()
    {
        using var meter = Listen();
        var cycles = int.Parse(Environment.GetEnvironmentVariable("NETKIT_CHURN") ?? "4000", CultureInfo.InvariantCulture);
        await using var shared = new CountingLimiter(admits: static number => number % 17 != 0);
        await using var perNetwork = PartitionedRateLimiter.Create<IPAddress, byte>(static address => RateLimitPartition.GetConcurrencyLimiter(
            address.GetAddressBytes()[2], static _ => new ConcurrencyLimiterOptions { PermitLimit = PerNetwork }));
        var options = new ConnectionServerOptions
        {
            MaxConnections = MaxConnections,
            LimitMode = ConnectionLimitMode.Reject,
            AcceptLimiter = shared,
            PerAddressLimiter = perNetwork,
            IdleTimeout = TimeSpan.FromMilliseconds(40),
            MaxConnectionLifetime = TimeSpan.FromMilliseconds(120),
            AcceptLoops = 2,
            DrainTimeout = TimeSpan.FromMilliseconds(100),
        };
        using var readings = new MeterReadings();
        var before = readings.Of("netkit.server.active_connections");
        await using var server = RunningServer.OnTcp(HandleAsync, options);

        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            for (var cycle = client; cycle < cycles || !(HaveAllHappened() || Stopwatch.GetElapsedTime(start) > Eventually.Bound); cycle += Clients)
            {
                await BeClientAsync(server.Listener.LocalEndPoint, cycle);
            }
        })));

        await Eventually.Equal(0, () => server.Server.ActiveConnections);
        AssertAllGivenBack();

        // And by a drain: of those that are there at the time, some end and some are aborted.
        var last = Enumerable.Range(0, Clients).Select(client => BeClientAsync(server.Listener.LocalEndPoint, (client * 7) + (int)End.Stalled)).ToArray();
        await server.StopAsync();
        await Task.WhenAll(last).Within();
        Assert.Equal(0, server.Server.ActiveConnections);
        AssertAllGivenBack();

        Assert.All(s_reasons, reason => Assert.True(_sums.GetValueOrDefault(reason) > 0, $"Nobody was {reason}."));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", _sums.Select(sum => $"{sum.Key}: {sum.Value}")));

        void AssertAllGivenBack()
        {
            Assert.Equal(shared.Given, shared.Returned);
            Assert.Equal(before, readings.Of("netkit.server.active_connections"));
            for (byte network = 0; network < 2; network++)
            {
                Assert.Equal(PerNetwork, perNetwork.GetStatistics(new IPAddress([127, 0, network, 1]))!.CurrentAvailablePermits);
            }
        }
    }

    private bool HaveAllHappened() => s_reasons.All(_sums.ContainsKey);

    private static async Task HandleAsync(Connection connection, CancellationToken stopping)
    {
        var buffer = new byte[1];
        if (await connection.ReadAsync(buffer, stopping) == 0)
        {
            return;
        }

        switch ((End)buffer[0])
        {
            case End.HandlerThrows:
                throw new InvalidOperationException("on purpose");
            case End.HandlerReturns:
                return;
            case End.Stalled:
                await Task.WhenAny(Peer.FloodAsync(connection), Peer.DrainAsync(connection));
                return;
            default:
                await RunningServer.EchoAsync(connection, CancellationToken.None);
                return;
        }
    }

    /// <summary>Connects and provokes an end. Of its own accord the client ends with a reset, which leaves no trace in the system.</summary>
    private static async Task BeClientAsync(EndPoint endPoint, int cycle)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.LingerState = new LingerOption(true, 0);
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, (byte)(cycle % 4 == 0 ? 1 : 0), (byte)(1 + (cycle / Clients % 250))]), 0));
        var end = (End)(cycle % 7);
        var buffer = new[] { (byte)end };
        try
        {
            await socket.ConnectAsync(endPoint);
            await socket.SendAsync(buffer);
            switch (end)
            {
                case End.ClientAborts:
                    return;
                case End.ClientFinishes:
                    socket.Shutdown(SocketShutdown.Send);
                    break;
                case End.Stalled:
                    while (true)
                    {
                        // Reads nothing, and sends now and then, so that nobody takes it for idle.
                        await Task.Delay(5);
                        await socket.SendAsync(buffer);
                    }

                case End.Lifetime:
                    while (true)
                    {
                        await Task.Delay(5);
                        await socket.SendAsync(buffer);
                        if (await socket.ReceiveAsync(buffer) == 0)
                        {
                            return;
                        }
                    }
            }

            while (await socket.ReceiveAsync(buffer) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Turned away, or ended by the server.
        }
    }

    private MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == NetKitDiagnostics.MeterName && instrument.Name.StartsWith("netkit.server.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var name = instrument.Name.Replace("netkit.server.", "", StringComparison.Ordinal).Replace("_connections", "", StringComparison.Ordinal);
            var sum = tags.IsEmpty ? name : $"{name} {tags[0].Value}";
            _sums.AddOrUpdate(sum, value, (_, before) => before + value);
        });
        listener.Start();
        return listener;
    }
}
