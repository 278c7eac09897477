using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Diagnostics;

// Alone: the instruments belong to the process, and every other server would be counted too.
[Collection(nameof(Alone))]
public sealed class ServerMetricsTests
{
    [Fact]
    public async Task A_server_counts_whom_it_serves_and_whom_it_turns_away()
    {
        using var readings = new MeterReadings();
        var before = readings.Of("netkit.server.active_connections");
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync, new ConnectionServerOptions { MaxConnections = 2, LimitMode = ConnectionLimitMode.Reject });
        var first = await server.DialServedAsync();
        await server.DialServedAsync();
        for (var times = 0; times < 5; times++)
        {
            Assert.Equal(-1, await server.AskAsync());
        }

        Assert.Equal(2, readings.Of("netkit.server.active_connections") - before);
        Assert.Equal(2, readings.Of("netkit.server.accepted_connections"));
        await Eventually.Equal(5, () => readings.Of("netkit.server.rejected_connections", "reason=limit"));

        first.Abort();
        await Eventually.Equal(1, () => readings.Of("netkit.server.active_connections") - before);
        await server.StopAsync();
        Assert.Equal(0, readings.Of("netkit.server.active_connections") - before);
        Assert.Equal(2, readings.Of("netkit.server.accepted_connections"));
    }

    [Fact]
    public async Task A_listener_that_comes_while_connections_live_finds_them_and_one_that_comes_back_misses_none()
    {
        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync);
        using var before = new MeterReadings();
        var others = before.Of("netkit.server.active_connections");
        var first = await server.DialServedAsync();
        before.Dispose();
        var second = await server.DialServedAsync();
        using var readings = new MeterReadings();
        Assert.Equal(2, readings.Of("netkit.server.active_connections") - others);
        first.Abort();
        second.Abort();
        await Eventually.Equal(0, () => readings.Of("netkit.server.active_connections") - others);
    }

    [Theory]
    [InlineData("completed")]
    [InlineData("lost")]
    [InlineData("failed")]
    [InlineData("deadline_exceeded")]
    [InlineData("timed_out")]
    [InlineData("stopped")]
    [InlineData("aborted")]
    public async Task A_server_measures_how_long_connections_last_by_how_they_end(string outcome)
    {
        using var readings = new MeterReadings();
        var options = new ConnectionServerOptions
        {
            DrainTimeout = outcome == "aborted" ? TimeSpan.Zero : Eventually.Bound,
            IdleTimeout = outcome == "timed_out" ? TimeSpan.FromMilliseconds(20) : null,
        };
        await using var server = RunningServer.OnTcp(HandleAsync, options);
        var client = await server.DialServedAsync();
        switch (outcome)
        {
            case "completed":
                await client.CompleteWritesAsync(TestContext.Current.CancellationToken);
                break;
            case "lost":
                client.Abort();
                break;
            case "stopped" or "aborted":
                server.BeginStop();
                break;
        }

        await Eventually.Equal(1, () => readings.Of("netkit.server.connection.duration", $"outcome={outcome}"));
        Assert.Equal([outcome], readings.Tags.Where(static tag => tag.Instrument == "netkit.server.connection.duration").Select(static tag => tag.Value));

        async Task HandleAsync(Connection connection, CancellationToken stopping)
        {
            await connection.WriteAsync(new[] { await Talk.ReadByteAsync(connection) is var value ? (byte)value : default }, CancellationToken.None);
            connection.ReadDeadline = outcome == "deadline_exceeded" ? Deadline.After(TimeSpan.FromMilliseconds(1)) : Deadline.None;
            if (outcome == "failed")
            {
                throw new InvalidOperationException("on purpose");
            }

            _ = await connection.ReadAsync(new byte[1], outcome == "aborted" ? CancellationToken.None : stopping);
        }
    }

    [Fact]
    public async Task A_server_measures_handshakes_by_their_outcome()
    {
        var outcomes = new ConcurrentQueue<string>();
        using var readings = new MeterReadings();
        var handshakes = readings.Of("netkit.server.active_handshakes");
        using var listener = Listen(static (_, _, _, _) => { });
        listener.SetMeasurementEventCallback<double>((instrument, seconds, tags, _) =>
        {
            if (instrument.Name != "netkit.server.handshake.duration")
            {
                return;
            }

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
        Assert.Equal(handshakes, readings.Of("netkit.server.active_handshakes"));
        Assert.Equal(1, readings.Of("netkit.server.accepted_connections"));

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

    [Theory]
    [InlineData("untrusted")]
    [InlineData("stopped")]
    [InlineData("aborted")]
    public async Task A_handshake_that_is_broken_off_has_an_outcome_by_who_did_it(string outcome)
    {
        using var readings = new MeterReadings();
        var trusted = outcome == "untrusted" ? "192.0.2.0/24" : "127.0.0.0/8";
        await using var server = RunningServer.OnTcp(
            RunningServer.EchoAsync,
            new ConnectionServerOptions { ProxyProtocol = new ProxyProtocolOptions { TrustedNetworks = [System.Net.IPNetwork.Parse(trusted)] } });
        switch (outcome)
        {
            case "untrusted":
                Assert.Equal(-1, await server.AskAsync());
                break;
            case "stopped":
                await server.DialAsync();
                await Eventually.Equal(1, () => server.Server.Prefaces!.Count);
                await server.StopAsync();
                break;
            case "aborted":
                var client = await server.DialAsync();
                await client.WriteAsync("PROXY T"u8.ToArray(), TestContext.Current.CancellationToken);
                await client.CompleteWritesAsync(TestContext.Current.CancellationToken);
                break;
        }

        await Eventually.Equal(1, () => readings.Of("netkit.server.handshake.duration", $"outcome={outcome}"));
        Assert.Equal([outcome], readings.Tags.Where(static tag => tag.Instrument == "netkit.server.handshake.duration").Select(static tag => tag.Value));
    }

    [Fact]
    public async Task The_time_of_a_handshake_runs_from_the_accept()
    {
        var clock = new FakeTimeProvider();
        var times = new ConcurrentQueue<double>();
        using var listener = Listen(static (_, _, _, _) => { });
        listener.SetMeasurementEventCallback<double>((instrument, seconds, _, _) =>
        {
            if (instrument.Name == "netkit.server.handshake.duration")
            {
                times.Enqueue(seconds);
            }
        });
        await using var server = RunningServer.InMemory(
            RunningServer.EchoAsync,
            new ConnectionServerOptions { ProxyProtocol = new ProxyProtocolOptions { TrustedNetworks = [System.Net.IPNetwork.Parse("127.0.0.0/8")] } },
            timeProvider: clock);
        var client = await server.DialAsync();
        await Eventually.Equal(1, () => server.Server.Prefaces!.Count);
        clock.Advance(TimeSpan.FromSeconds(3));
        await client.WriteAsync("PROXY UNKNOWN\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await Eventually.Equal(1, () => times.Count);
        Assert.Equal([3], times);
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
