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
        var name = PrometheusText.Name(instrument.Name) + (instrument.Unit == "s" ? "_seconds" : "");
        var isHistogram = instrument is Histogram<double>;
        var (suffix, type) = isHistogram ? ("", "summary") : instrument is Counter<long> ? ("_total", "counter") : ("", "gauge");
        text.Begin(name + suffix, type, instrument.Description ?? "");
        foreach (var (labels, reading) in readings)
        {
            text.Add(labels, reading.Sum, isHistogram ? "_sum" : "");
            if (isHistogram)
            {
                text.Add(labels, reading.Count, "_count");
            }
        }
    }

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

            var before = readings.GetValueOrDefault(labels);
            readings[labels] = new Reading(instrument.IsObservable ? value : before.Sum + value, before.Count + 1);
        }
    }

    private readonly record struct Reading(double Sum, long Count);
}
