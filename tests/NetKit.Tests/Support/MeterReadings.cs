using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace NetKit.Tests;

/// <summary>Listens to NetKit's meter, and keeps what it has told.</summary>
internal sealed class MeterReadings : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _values = new();
    private readonly ConcurrentDictionary<(string Instrument, string Key, string Value), bool> _tags = new();

    public MeterReadings(Predicate<Instrument>? wanted = null)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == NetKitDiagnostics.MeterName && wanted?.Invoke(instrument) != false)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Every tag that came with a measurement.</summary>
    public ICollection<(string Instrument, string Key, string Value)> Tags
    {
        get
        {
            _listener.RecordObservableInstruments();
            return _tags.Keys;
        }
    }

    /// <summary>Collects, and gives a sum (of a histogram: how many measurements it had). Tags as in <c>reason=limit</c>.</summary>
    public long Of(string instrument, string tags = "")
    {
        _listener.RecordObservableInstruments();
        return (long)_values.GetValueOrDefault($"{instrument} {tags}");
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = $"{instrument.Name} ";
        foreach (var (key, tag) in tags)
        {
            name += $"{(name.EndsWith(' ') ? "" : ",")}{key}={tag}";
            _tags.TryAdd((instrument.Name, key, $"{tag}"), true);
        }

        var amount = instrument is Histogram<double> ? 1 : value;
        _values.AddOrUpdate(name, amount, (_, sum) => instrument.IsObservable ? value : sum + amount);
    }
}
