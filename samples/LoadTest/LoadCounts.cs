using System.Collections.Concurrent;
using System.Diagnostics;

namespace NetKit.Samples;

/// <summary>Counts what happens, from many threads at once.</summary>
internal sealed class LoadCounts
{
    private readonly Shard[] _shards = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(static _ => new Shard())];
    private readonly ConcurrentDictionary<string, int> _errors = new();
    private volatile bool _isOver;
    private int _open;
    private long _sent;
    private long _notSent;
    private long _warmUntil;

    /// <summary>Whether connections are being closed: what ends from then on has not failed.</summary>
    public bool IsOver
    {
        get => _isOver;
        set => _isOver = value;
    }

    /// <summary>The timestamp before which what is due counts, but how long it takes does not.</summary>
    public long WarmUntil
    {
        get => Volatile.Read(ref _warmUntil);
        set => Volatile.Write(ref _warmUntil, value);
    }

    public int Open => Volatile.Read(ref _open);

    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Messages that were due, and for which there was no time.</summary>
    public long NotSent => Interlocked.Read(ref _notSent);

    public long Received => _shards.Sum(static shard => shard.Received);

    /// <summary>Of those received, how many were due after warming up.</summary>
    public long Measured => _shards.Sum(static shard => shard.Latency.Count);

    public int ErrorCount => _errors.Values.Sum();

    public IReadOnlyDictionary<string, int> Errors => new SortedDictionary<string, int>(_errors, StringComparer.Ordinal);

    public void Opened() => Interlocked.Increment(ref _open);

    public void Ended() => Interlocked.Decrement(ref _open);

    public void NotSentInTime(long count) => Interlocked.Add(ref _notSent, count);

    public void MessageSent(long due, long sent)
    {
        Interlocked.Increment(ref _sent);
        if (due >= WarmUntil)
        {
            var shard = Mine();
            lock (shard)
            {
                shard.Lateness.Record(Stopwatch.GetElapsedTime(due, sent));
            }
        }
    }

    public void MessageReceived(long due)
    {
        var latency = Stopwatch.GetElapsedTime(due);
        var isMeasured = due >= WarmUntil;
        var shard = Mine();
        lock (shard)
        {
            shard.Received++;
            if (isMeasured)
            {
                shard.Latency.Record(latency);
            }
        }
    }

    public void Failed(Exception exception) => _errors.AddOrUpdate(ErrorKind.Of(exception), 1, static (_, count) => count + 1);

    public LatencyHistogram Latency() => LatencyHistogram.Sum(_shards.Select(static shard => shard.Latency));

    public LatencyHistogram Lateness() => LatencyHistogram.Sum(_shards.Select(static shard => shard.Lateness));

    private Shard Mine() => _shards[Thread.GetCurrentProcessorId() % _shards.Length];

    private sealed class Shard
    {
        public long Received { get; set; }

        public LatencyHistogram Latency { get; } = new();

        public LatencyHistogram Lateness { get; } = new();
    }
}
