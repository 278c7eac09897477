using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Tracing;

namespace NetKit;

/// <summary>Tells dotnet-trace and its like what happens, once a connection or less often.</summary>
/// <remarks>
/// Ids and names are stable. Ask <see cref="Traces"/> first: what an event is told of (an id, an address) is made for it alone.
/// A start and its stop are paired by the id they carry, and not by the activity of the thread: a connection ends on another
/// thread than it began on, and in nobody's context.
/// </remarks>
[EventSource(Name = NetKitDiagnostics.EventSourceName)]
internal sealed unsafe partial class NetKitEventSource : EventSource
{
    public static readonly NetKitEventSource Log = new();

    private NetKitEventSource()
    {
    }

    /// <summary>Whether events of this kind are wanted.</summary>
    [NonEvent]
    public static bool Traces(EventKeywords keyword, EventLevel level = EventLevel.Informational) => Log.IsEnabled(level, keyword);

    [Event(1, Level = EventLevel.Informational, Keywords = Keywords.Servers, Message = "Serving at {0}.")]
    public void ServerStarted(string endPoint) => WriteEvent(1, endPoint);

    [Event(2, Level = EventLevel.Informational, Keywords = Keywords.Servers, Message = "Stopped accepting at {0}. Connections to drain: {1}.")]
    public void ServerDraining(string endPoint, int active) => WriteEvent(2, endPoint, active);

    [Event(3, Level = EventLevel.Informational, Keywords = Keywords.Servers, Message = "Drained at {0}. Connections that ended by themselves: {1}, aborted: {2}.")]
    public void ServerStopped(string endPoint, int completed, int aborted) => WriteEvent(3, endPoint, completed, aborted);

    [Event(4, Level = EventLevel.Warning, Keywords = Keywords.Servers, Message = "Accepting at {0} fails: {1}")]
    public void AcceptFailed(string endPoint, string error) => WriteEvent(4, endPoint, error);

    [Event(5, Level = EventLevel.Informational, Keywords = Keywords.Servers, Message = "Turned a client away at {0}: {1}.")]
    public void ConnectionRejected(string endPoint, string reason) => WriteEvent(5, endPoint, reason);

    [Event(10, Level = EventLevel.Informational, Keywords = Keywords.Connections, Task = Tasks.ConnectionLife, Opcode = EventOpcode.Start,
        ActivityOptions = EventActivityOptions.Disable, Message = "Connection {0} began, at {1} with {2}.")]
    public void ConnectionStart(string connection, string? local, string? remote) => WriteEvent(10, connection, local, remote);

    [Event(11, Level = EventLevel.Informational, Keywords = Keywords.Connections, Task = Tasks.ConnectionLife, Opcode = EventOpcode.Stop,
        ActivityOptions = EventActivityOptions.Disable, Message = "Connection {0} ended after {2} s: {1}.")]
    public void ConnectionStop(string connection, string outcome, double seconds) => Write(11, connection, outcome, seconds);

    [Event(12, Level = EventLevel.Informational, Keywords = Keywords.Connections, Message = "Connection {0} is reset: {1}.")]
    public void ConnectionTimedOut(string connection, string reason) => WriteEvent(12, connection, reason);

    [Event(20, Level = EventLevel.Informational, Keywords = Keywords.Handshakes, Task = Tasks.Handshake, Opcode = EventOpcode.Start,
        ActivityOptions = EventActivityOptions.Disable, Message = "The handshake of connection {0} began, at {1} with {2}.")]
    public void HandshakeStart(string connection, string? local, string? remote) => WriteEvent(20, connection, local, remote);

    [Event(21, Level = EventLevel.Informational, Keywords = Keywords.Handshakes, Task = Tasks.Handshake, Opcode = EventOpcode.Stop,
        ActivityOptions = EventActivityOptions.Disable, Message = "The handshake of connection {0} ended after {2} s: {1}.")]
    public void HandshakeStop(string connection, string outcome, double seconds) => Write(21, connection, outcome, seconds);

    [Event(30, Level = EventLevel.Informational, Keywords = Keywords.Dials, Task = Tasks.Dial, Opcode = EventOpcode.Start,
        ActivityOptions = EventActivityOptions.Disable, Message = "Dial {0} of {1} began.")]
    public void DialStart(long dial, string endPoint) => WriteEvent(30, dial, endPoint);

    [Event(31, Level = EventLevel.Informational, Keywords = Keywords.Dials, Task = Tasks.Dial, Opcode = EventOpcode.Stop,
        ActivityOptions = EventActivityOptions.Disable, Message = "Dial {0} ended after {3} s and {2} attempts: {1}.")]
    public void DialStop(long dial, string outcome, int attempts, double seconds) => Write(31, dial, outcome, attempts, seconds);

    [Event(32, Level = EventLevel.Informational, Keywords = Keywords.Dials, Message = "Dial {0} was connected to {1}.")]
    public void DialConnected(long dial, string? address) => WriteEvent(32, dial, address);

    [Event(33, Level = EventLevel.Warning, Keywords = Keywords.Dials, Message = "Dial {0} failed: {1}")]
    public void DialFailed(long dial, string error) => WriteEvent(33, dial, error);

    [Event(40, Level = EventLevel.Error, Keywords = Keywords.Pools, Message = "A lease of the pool of {0} was dropped; its connection {1} is closed.")]
    public void LeaseLeaked(string endPoint, string connection) => WriteEvent(40, endPoint, connection);

    [NonEvent]
    [UnconditionalSuppressMessage("ReflectionAnalysis", "IL2026", Justification = "Every part of an event is a string or a number, which need no reflection.")]
    private void Write(int eventId, string first, string second, double third)
    {
        fixed (char* firstText = first, secondText = second)
        {
            var data = stackalloc EventData[3];
            data[0] = Text(firstText, first.Length);
            data[1] = Text(secondText, second.Length);
            data[2] = Number(&third, sizeof(double));
            WriteEventCore(eventId, 3, data);
        }
    }

    [NonEvent]
    [UnconditionalSuppressMessage("ReflectionAnalysis", "IL2026", Justification = "Every part of an event is a string or a number, which need no reflection.")]
    private void Write(int eventId, long first, string second, int third, double fourth)
    {
        fixed (char* secondText = second)
        {
            var data = stackalloc EventData[4];
            data[0] = Number(&first, sizeof(long));
            data[1] = Text(secondText, second.Length);
            data[2] = Number(&third, sizeof(int));
            data[3] = Number(&fourth, sizeof(double));
            WriteEventCore(eventId, 4, data);
        }
    }

    // With the zero at its end, which every string has.
    private static EventData Text(char* start, int length) => new() { DataPointer = (nint)start, Size = (length + 1) * sizeof(char) };

    private static EventData Number(void* start, int size) => new() { DataPointer = (nint)start, Size = size };

    /// <summary>The kinds of events, to choose among.</summary>
    public static class Keywords
    {
        public const EventKeywords Servers = (EventKeywords)0x1;
        public const EventKeywords Connections = (EventKeywords)0x2;
        public const EventKeywords Handshakes = (EventKeywords)0x4;
        public const EventKeywords Dials = (EventKeywords)0x8;
        public const EventKeywords Pools = (EventKeywords)0x10;
    }

    /// <summary>What has a beginning and an end.</summary>
    public static class Tasks
    {
        public const EventTask ConnectionLife = (EventTask)1;
        public const EventTask Handshake = (EventTask)2;
        public const EventTask Dial = (EventTask)3;
    }
}
