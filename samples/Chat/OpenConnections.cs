using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Text;

namespace NetKit.Samples;

/// <summary>Lists connections that have begun and not ended, by NetKit's events: what never leaves this list is leaked.</summary>
internal sealed class OpenConnections : EventListener
{
    private const int ConnectionStart = 10; // docs/observability.md
    private const int ConnectionStop = 11;
    private const EventKeywords Connections = (EventKeywords)0x2;

    private readonly ConcurrentDictionary<string, (string Remote, long Began)> _open = new();

    public override string ToString()
    {
        var list = new StringBuilder();
        foreach (var (id, (remote, began)) in _open.OrderBy(static open => open.Value.Began))
        {
            list.Append(CultureInfo.InvariantCulture, $"{id}  {remote,-22} {TimeProvider.System.GetElapsedTime(began).TotalSeconds,8:0} s\n");
        }

        return list.Append(CultureInfo.InvariantCulture, $"{_open.Count} open, this one included\n").ToString();
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == NetKitDiagnostics.EventSourceName)
        {
            EnableEvents(eventSource, EventLevel.Informational, Connections);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // The base class may call this before our own fields are there.
        if (_open is not { } open || eventData.EventSource.Name != NetKitDiagnostics.EventSourceName)
        {
            return;
        }

        switch (eventData.EventId)
        {
            case ConnectionStart:
                open[(string)eventData.Payload![0]!] = ((string?)eventData.Payload[2] ?? "", TimeProvider.System.GetTimestamp());
                break;
            case ConnectionStop:
                open.TryRemove((string)eventData.Payload![0]!, out _);
                break;
        }
    }
}
