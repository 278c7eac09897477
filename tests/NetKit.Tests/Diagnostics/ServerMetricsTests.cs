using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace NetKit.Tests.Diagnostics;

// Alone: the instruments belong to the process, and every other server would be counted too.
[Collection(nameof(Alone))]
public sealed class ServerMetricsTests
{
    private readonly ConcurrentDictionary<string, long> _sums = new();

    [Fact]
    public async Task A_server_counts_whom_it_serves_and_whom_it_turns_away()
    {
        using var listener = Listen(Add);
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = 2, LimitMode = ConnectionLimitMode.Reject });
        var first = await server.DialServedAsync();
        await server.DialServedAsync();
        for (var times = 0; times < 5; times++)
        {
            Assert.Equal(-1, await server.AskAsync());
        }

        Assert.Equal(2, SumOf("netkit.server.active_connections"));
        Assert.Equal(2, SumOf("netkit.server.accepted_connections"));
        await Eventually.Equal(5, () => SumOf("netkit.server.rejected_connections"));

        first.Abort();
        await Eventually.Equal(1, () => SumOf("netkit.server.active_connections"));
        await server.StopAsync();
        Assert.Equal(0, SumOf("netkit.server.active_connections"));
        Assert.Equal(2, SumOf("netkit.server.accepted_connections"));
    }

    [Fact]
    public async Task A_server_measures_handshakes_by_their_outcome()
    {
        var outcomes = new ConcurrentQueue<string>();
        using var listener = Listen(Add);
        listener.SetMeasurementEventCallback<double>((instrument, seconds, tags, _) =>
        {
            Assert.Equal("netkit.server.handshake.duration", instrument.Name);
            Assert.True(seconds >= 0);
            Assert.Equal("outcome", tags[0].Key);
            outcomes.Enqueue((string)tags[0].Value!);
        });
        var options = new ConnectionServerOptions
        {
            Tls = new() { ServerCertificate = Certificates.Localhost },
            ProxyProtocol = new ProxyProtocolOptions { TrustedNetworks = [System.Net.IPNetwork.Parse("127.0.0.1/32")] },
            HandshakeTimeout = TimeSpan.FromMilliseconds(200),
        };
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, options);
        var header = "PROXY UNKNOWN\r\n"u8.ToArray();
        var served = await SendAsync(header);
        await using var tls = await served.AuthenticateAsClientAsync(
            new() { TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost }, TestContext.Current.CancellationToken);
        await RunningServer.AssertEchoes(tls);
        await EndsAsync("completed");
        await SendAsync("GET /"u8.ToArray());
        await EndsAsync("protocol_violation");
        await SendAsync([.. header, .. "not TLS at all"u8]);
        await EndsAsync("failed");
        (await SendAsync(header)).Abort();
        await EndsAsync("aborted");
        await SendAsync(header);
        await EndsAsync("timeout");
        Assert.Equal(0, SumOf("netkit.server.active_handshakes"));
        Assert.Equal(1, SumOf("netkit.server.accepted_connections"));

        async Task<Connection> SendAsync(byte[] bytes)
        {
            var client = await server.DialAsync();
            await client.WriteAsync(bytes, TestContext.Current.CancellationToken);
            return client;
        }

        async Task EndsAsync(string outcome)
        {
            await Eventually.True(() => !outcomes.IsEmpty, outcome);
            Assert.True(outcomes.TryDequeue(out var found));
            Assert.Equal(outcome, found);
            Assert.Empty(outcomes);
        }
    }

    [Fact]
    public async Task A_listener_to_the_metrics_that_throws_changes_nothing()
    {
        using var listener = Listen((_, _, _, _) => throw new InvalidOperationException("on purpose"));
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = 1 });
        for (var times = 0; times < 5; times++)
        {
            (await server.DialServedAsync()).Abort();
            await Eventually.Equal(0, () => server.Server.ActiveConnections);
        }
    }

    private long SumOf(string instrument) => _sums.GetValueOrDefault(instrument);

    private void Add(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        _sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);

    private static MeterListener Listen(MeasurementCallback<long> callback)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == NetKitDiagnostics.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback(callback);
        listener.Start();
        return listener;
    }
}
