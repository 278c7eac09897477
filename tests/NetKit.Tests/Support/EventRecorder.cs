using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace NetKit.Tests;

/// <summary>Listens to NetKit's event source, as dotnet-trace and dotnet-counters do, and keeps what it has told.</summary>
internal sealed class EventRecorder : EventListener
{
    private readonly ConcurrentQueue<EventWrittenEventArgs> _events = new();
    private readonly ConcurrentQueue<IDictionary<string, object?>> _counters = new();

    /// <param name="level">How much is wanted.</param>
    /// <param name="keywords">Which kinds of events.</param>
    /// <param name="interval">How often counters are wanted. Default (null): not at all.</param>
    public EventRecorder(EventLevel level = EventLevel.Verbose, EventKeywords keywords = EventKeywords.All, TimeSpan? interval = null)
    {
        var arguments = interval is { } every
            ? new Dictionary<string, string?> { ["EventCounterIntervalSec"] = every.TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture) }
            : null;
        EnableEvents(NetKitEventSource.Log, level, keywords, arguments);
    }

    public IEnumerable<EventWrittenEventArgs> Events => _events;

    /// <summary>What the counters have told so far, by name; the last of each.</summary>
    public Dictionary<string, IDictionary<string, object?>> Counters =>
        _counters.GroupBy(static counter => (string)counter["Name"]!).ToDictionary(static told => told.Key, static told => told.Last());

    /// <summary>The values of a counter that it has told so far, one an interval.</summary>
    public double[] ValuesOf(string counter) =>
        [.. _counters.Where(told => (string)told["Name"]! == counter).Select(static told => Convert.ToDouble(told.TryGetValue("Mean", out var mean) ? mean : told["Increment"], null))];

    /// <summary>The events of a name, each as its payload.</summary>
    public object?[][] Of(string name) => [.. _events.Where(told => told.EventName == name).Select(static told => told.Payload!.ToArray())];

    /// <summary>Waits until an event of this name has come with this in its payload, and gives the whole of that.</summary>
    public async Task<object?[]> SingleAsync(string name, object? part)
    {
        object?[][] Found() => [.. Of(name).Where(payload => payload.Contains(part))];
        await Eventually.True(() => Found().Length > 0, () => $"{name} with {part}");
        return Assert.Single(Found());
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventSource != NetKitEventSource.Log)
        {
            return;
        }

        if (eventData.EventName == "EventCounters")
        {
            _counters.Enqueue((IDictionary<string, object?>)eventData.Payload![0]!);
        }
        else
        {
            _events.Enqueue(eventData);
        }
    }
}
