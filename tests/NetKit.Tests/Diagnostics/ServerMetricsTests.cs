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
