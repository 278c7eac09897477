using System.Net;

namespace NetKit.Samples;

/// <summary>One of the servers behind the proxy, and what is known of it.</summary>
internal sealed class Backend(EndPoint endPoint, BackendHealth health)
{
    private long _connections;
    private long _opened;
    private long _failedDials;

    public EndPoint EndPoint => endPoint;

    public string Name { get; } = EndPointText.Format(endPoint);

    public BackendHealth Health => health;

    /// <summary>The connections that there are now, those being dialed included.</summary>
    public long Connections => Volatile.Read(ref _connections);

    /// <summary>The connections that there ever were.</summary>
    public long Opened => Volatile.Read(ref _opened);

    public long FailedDials => Volatile.Read(ref _failedDials);

    /// <summary>What clients sent to it.</summary>
    public ByteCount Sent { get; } = new();

    /// <summary>What it sent to clients.</summary>
    public ByteCount Received { get; } = new();

    public void CountBegun() => Interlocked.Increment(ref _connections);

    public void CountOpened() => Interlocked.Increment(ref _opened);

    public void CountFailedDial() => Interlocked.Increment(ref _failedDials);

    public void CountEnded() => Interlocked.Decrement(ref _connections);
}
