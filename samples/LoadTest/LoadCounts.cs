using System.Collections.Concurrent;
using System.Net.WebSockets;

namespace NetKit.Samples;

/// <summary>Counts what happens, from many threads at once.</summary>
internal sealed class LoadCounts
{
    private readonly Shard[] _shards = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(static _ => new Shard())];
    private readonly ConcurrentDictionary<string, int> _errors = new();
    private volatile bool _isOver;
    private int _open;
    private long _sent;

    /// <summary>Whether connections are being closed: what ends from then on has not failed.</summary>
    public bool IsOver
    {
        get => _isOver;
        set => _isOver = value;
    }

    public int Open => Volatile.Read(ref _open);

    public long Sent => Interlocked.Read(ref _sent);

    public long Received => _shards.Sum(static shard => shard.Latency.Count);

    public int ErrorCount => _errors.Values.Sum();

    public IReadOnlyDictionary<string, int> Errors => new SortedDictionary<string, int>(_errors, StringComparer.Ordinal);

    public void Opened() => Interlocked.Increment(ref _open);

    public void Ended() => Interlocked.Decrement(ref _open);

    public void MessageSent(TimeSpan late)
    {
        Interlocked.Increment(ref _sent);
        var shard = Mine();
        lock (shard)
        {
            shard.Lateness.Record(late);
        }
    }

    public void MessageReceived(TimeSpan latency)
    {
        var shard = Mine();
        lock (shard)
        {
            shard.Latency.Record(latency);
        }
    }

    public void Failed(Exception exception) => _errors.AddOrUpdate(Kind(exception), 1, static (_, count) => count + 1);

    public LatencyHistogram Latency() => LatencyHistogram.Sum(_shards.Select(static shard => shard.Latency));

    public LatencyHistogram Lateness() => LatencyHistogram.Sum(_shards.Select(static shard => shard.Lateness));

    // What a person would sort them by: not by endpoint, nor by where it was thrown.
    private static string Kind(Exception exception) => exception switch
    {
        ClosedByServerException => exception.Message,
        DialException { Error: var error } => $"connect: {error}",
        ConnectionException { Error: var error, Operation: var operation } => $"{operation}: {error}",
        WebSocketException { InnerException: { } inner } when inner is ConnectionException or HttpRequestException => Kind(inner),
        WebSocketException { WebSocketErrorCode: WebSocketError.NotAWebSocket } => $"handshake: {exception.Message}",
        WebSocketException { WebSocketErrorCode: var code } => $"WebSocket: {code}",
        HttpRequestException { InnerException: { } inner } => Kind(inner),
        OperationCanceledException or TimeoutException => "timeout",
        EndOfStreamException => "closed by the server",
        _ => exception.GetType().Name,
    };

    private Shard Mine() => _shards[Thread.GetCurrentProcessorId() % _shards.Length];

    private sealed class Shard
    {
        public LatencyHistogram Latency { get; } = new();

        public LatencyHistogram Lateness { get; } = new();
    }
}
