using System.Diagnostics.Metrics;

namespace NetKit.Samples;

/// <summary>Listens to NetKit's meter, and keeps what it has told.</summary>
internal sealed class InstrumentReadings : IDisposable
{
    private readonly Lock _gate = new(); // guards _readings, and what is in it
    private readonly SortedDictionary<string, SortedDictionary<string, Reading>> _readings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Instrument> _instruments = [];
    private readonly MeterListener _listener = new();

    public InstrumentReadings()
    {
        _listener.InstrumentPublished = Publish;
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    public void WriteTo(PrometheusText text)
    {
        _listener.RecordObservableInstruments();
        lock (_gate)
        {
            foreach (var (name, readings) in _readings)
            {
                Write(text, _instruments[name], readings);
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private static void Write(PrometheusText text, Instrument instrument, SortedDictionary<string, Reading> readings)
    {
        var name = PrometheusText.Name(instrument.Name) + instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        switch (instrument)
        {
            case Histogram<double>:
                text.Begin(name, "histogram", instrument.Description ?? "");
                foreach (var (labels, reading) in readings)
                {
                    text.AddHistogram(labels, BoundariesOf(instrument), reading.Buckets, reading.Sum);
                }

                return;
            case Counter<long> or ObservableCounter<long>:
                text.Begin(name + "_total", "counter", instrument.Description ?? "");
                break;
            default:
                text.Begin(name, "gauge", instrument.Description ?? "");
                break;
        }

        foreach (var (labels, reading) in readings)
        {
            text.Add(labels, reading.Sum);
        }
    }

    private static IReadOnlyList<double> BoundariesOf(Instrument instrument) => ((Histogram<double>)instrument).Advice?.HistogramBucketBoundaries ?? [];

    private void Publish(Instrument instrument, MeterListener listener)
    {
        if (instrument.Meter.Name == NetKitDiagnostics.MeterName)
        {
            listener.EnableMeasurementEvents(instrument);
        }
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = "";
        foreach (var (name, tag) in tags)
        {
            labels += (labels.Length == 0 ? "" : ",") + PrometheusText.Label(name, tag?.ToString());
        }

        lock (_gate)
        {
            if (!_readings.TryGetValue(instrument.Name, out var readings))
            {
                _instruments[instrument.Name] = instrument;
                _readings[instrument.Name] = readings = new SortedDictionary<string, Reading>(StringComparer.Ordinal);
            }

            if (!readings.TryGetValue(labels, out var reading))
            {
                readings[labels] = reading = new Reading(instrument is Histogram<double> ? new long[BoundariesOf(instrument).Count + 1] : []);
            }

            reading.Sum = instrument.IsObservable ? value : reading.Sum + value;
            if (instrument is Histogram<double>)
            {
                reading.Buckets[BoundariesOf(instrument).TakeWhile(boundary => boundary < value).Count()]++;
            }
        }
    }

    private sealed class Reading(long[] buckets)
    {
        public double Sum { get; set; }

        /// <summary>How many measurements were up to each boundary and beyond the one before, and beyond the last.</summary>
        public long[] Buckets { get; } = buckets;
    }
}
