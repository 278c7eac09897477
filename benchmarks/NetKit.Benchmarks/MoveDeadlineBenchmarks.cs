using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>What it costs to move a deadline, and the framework's means to the same end.</summary>
[MemoryDiagnoser]
public class MoveDeadlineBenchmarks : IDisposable
{
    private const int Moves = 1024;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly (System.Net.Sockets.Socket Client, System.Net.Sockets.Socket Server) _pair = Loopback.CreatePair();
    private readonly Connection _connection;
    private readonly Connection _reading;
    private readonly (System.Net.Sockets.Socket Client, System.Net.Sockets.Socket Server) _quietPair = Loopback.CreatePair();
    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenSource _outer = new();
    private readonly Timer _timer = new(static _ => { }, null, Timeout.Infinite, Timeout.Infinite);
    private readonly Task<int> _pending;

    public MoveDeadlineBenchmarks()
    {
        _connection = Connection.FromSocket(_pair.Server);
        _reading = Connection.FromSocket(_quietPair.Server);
        _reading.ReadDeadline = Deadline.After(s_patience);
        _pending = _reading.ReadAsync(new byte[1]).AsTask();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Moves)]
    public void ReadDeadline()
    {
        for (var move = 0; move < Moves; move++)
        {
            _connection.ReadDeadline = Deadline.After(s_patience);
        }
    }

    [Benchmark(OperationsPerInvoke = Moves)]
    public void ReadDeadlineWhileReading()
    {
        for (var move = 0; move < Moves; move++)
        {
            _reading.ReadDeadline = Deadline.After(s_patience);
        }
    }

    [Benchmark(OperationsPerInvoke = Moves)]
    public bool DeadlineAfterAlone()
    {
        var deadline = Deadline.None;
        for (var move = 0; move < Moves; move++)
        {
            deadline = Deadline.After(s_patience);
        }

        return deadline.IsNone;
    }

    [Benchmark(OperationsPerInvoke = Moves)]
    public long TickCountAlone()
    {
        var sum = 0L;
        for (var move = 0; move < Moves; move++)
        {
            sum += Environment.TickCount64;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Moves)]
    public void TimerChange()
    {
        for (var move = 0; move < Moves; move++)
        {
            _timer.Change(s_patience, Timeout.InfiniteTimeSpan);
        }
    }

    [Benchmark(OperationsPerInvoke = Moves)]
    public void CancelAfter()
    {
        for (var move = 0; move < Moves; move++)
        {
            _source.CancelAfter(s_patience);
        }
    }

    [Benchmark(OperationsPerInvoke = Moves)]
    public void CancelAfterAndTryReset()
    {
        for (var move = 0; move < Moves; move++)
        {
            _source.CancelAfter(s_patience);
            _source.TryReset();
        }
    }

    [Benchmark(OperationsPerInvoke = Moves)]
    public void LinkedSource()
    {
        for (var move = 0; move < Moves; move++)
        {
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(_outer.Token);
            linked.CancelAfter(s_patience);
        }
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
