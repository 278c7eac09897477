using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>What it costs to move a deadline, and the framework's means to the same end.</summary>
[MemoryDiagnoser]
public class MoveDeadlineBenchmarks : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly (System.Net.Sockets.Socket Client, System.Net.Sockets.Socket Server) _pair = Loopback.CreatePair();
    private readonly Connection _connection;
    private readonly Connection _reading;
    private readonly (System.Net.Sockets.Socket Client, System.Net.Sockets.Socket Server) _quietPair = Loopback.CreatePair();
    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenSource _outer = new();
    private readonly Timer _timer = new(static _ => { }, null, Timeout.Infinite, Timeout.Infinite);
    private readonly Task<int> _pending;
    private Deadline _deadline;

    public MoveDeadlineBenchmarks()
    {
        _connection = Connection.FromSocket(_pair.Server);
        _reading = Connection.FromSocket(_quietPair.Server);
        _reading.ReadDeadline = Deadline.After(s_patience);
        _pending = _reading.ReadAsync(new byte[1]).AsTask();
    }

    [Benchmark(Baseline = true)]
    public void ReadDeadline() => _connection.ReadDeadline = Deadline.After(s_patience);

    [Benchmark]
    public void ReadDeadlineWhileReading() => _reading.ReadDeadline = Deadline.After(s_patience);

    [Benchmark]
    public void DeadlineAfterOnly() => _deadline = Deadline.After(s_patience);

    [Benchmark]
    public long TickCount() => Environment.TickCount64;

    [Benchmark]
    public void CancelAfter() => _source.CancelAfter(s_patience);

    [Benchmark]
    public bool CancelAfterAndTryReset()
    {
        _source.CancelAfter(s_patience);
        return _source.TryReset();
    }

    [Benchmark]
    public bool TimerChange() => _timer.Change(s_patience, Timeout.InfiniteTimeSpan);

    [Benchmark]
    public void LinkedSource()
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(_outer.Token);
        linked.CancelAfter(s_patience);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _pair.Client.Dispose();
        _connection.Dispose();
        _quietPair.Client.Dispose();
        _reading.Dispose();
        _source.Dispose();
        _outer.Dispose();
        _timer.Dispose();
        GC.SuppressFinalize(this);
    }
}
