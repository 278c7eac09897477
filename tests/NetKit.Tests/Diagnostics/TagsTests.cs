using System.Diagnostics;
using System.Net;
using System.Net.Security;

namespace NetKit.Tests.Diagnostics;

/// <summary>Runs servers, dialers and pools, and looks at everything that is published meanwhile.</summary>
// Alone: the instruments belong to the process.
[Collection(nameof(Alone))]
public sealed class TagsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task No_measurement_names_a_peer_or_a_connection_and_every_tag_is_documented()
    {
        using var readings = new MeterReadings();
        var names = await RunEverythingAsync();
        var tags = readings.Tags;

        // All that have tags were heard of, so that this looks at each.
        Assert.Equal(
            ObservabilityDocument.Instruments.Where(static row => row.Tags.Count > 0).Select(static row => row.Name).Order(StringComparer.Ordinal),
            tags.Select(static tag => tag.Instrument).Distinct().Order(StringComparer.Ordinal));
        Assert.All(tags, tag =>
        {
            Assert.DoesNotContain(names, name => tag.Value.Contains(name, StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotMatch(@"\d{2}", tag.Value);
            Assert.Contains(tag.Value, ObservabilityDocument.Instruments.Single(row => row.Name == tag.Instrument).Tags[tag.Key]);
        });
    }

    [Fact(Timeout = Waiting.Watchdog)]
    public async Task Every_tag_of_a_span_is_documented()
    {
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == NetKitDiagnostics.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await RunEverythingAsync();
        Assert.Equal(ObservabilityDocument.Spans.Keys.Order(StringComparer.Ordinal), spans.Select(static span => span.OperationName).Distinct().Order(StringComparer.Ordinal));
        Assert.All(spans, span => Assert.Subset(ObservabilityDocument.Spans[span.OperationName].ToHashSet(), span.TagObjects.Select(static tag => tag.Key).ToHashSet()));
    }

    /// <summary>Does what has tags, and gives the names that must not be among them.</summary>
    private static async Task<HashSet<string>> RunEverythingAsync()
    {
        var names = new HashSet<string> { "127.0.0.1", "localhost", "::1" };
        var certificate = new ConnectionServerOptions
        {
            Tls = new() { ServerCertificate = Certificates.Localhost },
            MaxConnections = 1,
            LimitMode = ConnectionLimitMode.Reject,
            IdleTimeout = TimeSpan.FromMilliseconds(100),
        };
        await using var secure = RunningServer.OnTcp(RunningServer.EchoAsync, certificate);
        var dialer = new Dialer(new DialerOptions
        {
            Tls = new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = Certificates.IsLocalhost },
            Resolve = static (_, _) => ValueTask.FromResult<IReadOnlyList<IPAddress>>([IPAddress.Loopback]),
        });
        await using (var client = await dialer.DialAsync("localhost", ((IPEndPoint)secure.Listener.LocalEndPoint).Port, Token))
        {
            Name(client);
            await RunningServer.AssertEchoes(client);
            Assert.Equal(-1, await secure.AskAsync());
            client.ReadDeadline = Deadline.After(TimeSpan.FromMilliseconds(1));
            await Assert.ThrowsAsync<DeadlineExceededException>(() => client.ReadAsync(new byte[1], Token).AsTask());
            client.ReadDeadline = Deadline.None;
            Assert.Equal(-1, await Talk.TryReadByteAsync(client)); // Idle for too long.
        }

        await using var server = RunningServer.OnTcp(RunningServer.EchoAsync);
        var endPoint = server.Listener.LocalEndPoint;
        names.Add($"{((IPEndPoint)endPoint).Port}");
        await using (var pool = new ConnectionPool(new Dialer(), endPoint, new ConnectionPoolOptions { MaxConnections = 1 }))
        {
            var lease = await pool.AcquireAsync(Token);
            Name(lease.Connection);
            await RunningServer.AssertEchoes(lease.Connection);
            var waiting = pool.AcquireAsync(Token);
            lease.Return();
            (await waiting.Within()).Return();
        }

        await server.StopAsync();
        var retrying = new RetryingDialer(
            new Dialer(), new RetryOptions { MaxRetryAttempts = 1, Delay = TimeSpan.FromMilliseconds(1), CircuitBreaker = new CircuitBreakerOptions { MinimumThroughput = 2 } });
        await Assert.ThrowsAnyAsync<ConnectionException>(() => retrying.DialAsync(endPoint, Token).AsTask());
        await Eventually.Equal(0, () => secure.Server.ActiveConnections);
        return names;

        void Name(Connection connection)
        {
            names.Add(connection.Id);
            names.Add($"{((IPEndPoint)connection.LocalEndPoint!).Port}");
            names.Add($"{((IPEndPoint)connection.RemoteEndPoint!).Port}");
        }
    }
}
