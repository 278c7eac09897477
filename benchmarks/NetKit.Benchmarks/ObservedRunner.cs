using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;

namespace NetKit.Benchmarks;

/// <summary>Echo ping-pong while nobody listens to the library, while a meter is listened to, and while events are; in turn within each round.</summary>
internal static class ObservedRunner
{
    private static readonly (string Name, Func<IDisposable?> Listen)[] s_ways =
    [
        ("nobody", static () => null),
        ("a MeterListener", static () => new Collector()),
        ("an EventListener, all events and counters", static () => new EventCollector()),
    ];

    public static void Run(Arguments arguments)
    {
        var rounds = arguments.Number("rounds", 101);
        var length = TimeSpan.FromMilliseconds(arguments.Number("milliseconds", 40));
        var table = new ResultTable(
            "observed" + (Environment.ProcessorCount == 1 ? "-one-core" : ""),
            "Listening",
            "Round trips/s",
            "vs nobody (middle half)",
            "CPU us",
            "CPU vs nobody (middle half)",
            "Allocated B");
        using var field = new PingPongField(Ways.Connection, count: 1);
        var slices = s_ways.Select(static _ => new List<Slice>()).ToArray();
        for (var round = -10; round < rounds; round++)
        {
            var order = Enumerable.Range(0, s_ways.Length);
            foreach (var index in round % 2 == 0 ? order : order.Reverse())
            {
                using var listener = s_ways[index].Listen();
                var slice = field.Run(length, countCalls: false);
                if (round >= 0)
                {
                    slices[index].Add(slice);
                }
            }
        }

        for (var index = 0; index < s_ways.Length; index++)
        {
            table.Add(
                s_ways[index].Name,
                ResultTable.Number(Statistics.Median(slices[index].Select(static slice => slice.PerSecond))),
                Slice.Ratio(slices[index], slices[0], static slice => slice.PerSecond),
                ResultTable.Number(Statistics.Median(slices[index].Select(static slice => slice.CpuMicroseconds)), "N2"),
                Slice.Ratio(slices[index], slices[0], static slice => slice.CpuMicroseconds),
                ResultTable.Number(Statistics.Median(slices[index].Select(static slice => slice.Allocated)), "N1"));
        }

        table.Note($"One connection, {Transport.MessageSize} B a message; medians of {rounds} rounds of {length.TotalMilliseconds:0} ms each, interleaved; ratios are taken within a round. Per round trip, both ends together.");
        table.Save(arguments.Command("NetKit.Benchmarks"));
    }

    /// <summary>Listens to every instrument, as an exporter does.</summary>
    private sealed class Collector : IDisposable
    {
        private readonly MeterListener _listener = new();

        public Collector()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == NetKitDiagnostics.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
            _listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
            _listener.Start();
        }

        public void Dispose()
        {
            _listener.RecordObservableInstruments();
            _listener.Dispose();
        }
    }

    /// <summary>Listens to every event, and has counters told once a second.</summary>
    private sealed class EventCollector : EventListener
    {
        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == NetKitDiagnostics.EventSourceName)
            {
                EnableEvents(eventSource, EventLevel.Verbose, EventKeywords.All, new Dictionary<string, string?> { ["EventCounterIntervalSec"] = "1" });
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
        }
    }
}
