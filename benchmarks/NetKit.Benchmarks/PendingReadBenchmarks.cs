using System.Net.Sockets;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Reads that begin before the byte arrives, so each really waits; one operation is one read, the send that ends it included.</summary>
[MemoryDiagnoser]
public class PendingReadBenchmarks : IDisposable
{
    private const int Reads = 1024;
    private const int MessageSize = 64;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Socket _plain;
    private readonly Socket _plainPeer;
    private readonly Connection _connection;
    private readonly Connection _timed;
    private readonly Socket _connectionPeer;
    private readonly Socket _timedPeer;
    private readonly CancellationTokenSource _outer = new();
    private readonly CancellationTokenSource _reused = new();
    private readonly byte[] _data = new byte[1];
    private readonly byte[] _buffer = new byte[MessageSize];

    public PendingReadBenchmarks()
    {
        (_plainPeer, _plain) = Loopback.CreatePair();
        (_connectionPeer, var server) = Loopback.CreatePair();
        _connection = Connection.FromSocket(server);
        (_timedPeer, server) = Loopback.CreatePair();
        _timed = Connection.FromSocket(server);
        _timed.ReadTimeout = (int)s_patience.TotalMilliseconds;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Reads)]
    public async Task<int> SocketUnlimited()
    {
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            var pending = _plain.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None);
            _plainPeer.Send(_data);
            sum += await pending;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> SocketCancelAfterAndTryReset()
    {
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            _reused.CancelAfter(s_patience);
            var pending = _plain.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, _reused.Token);
            _plainPeer.Send(_data);
            sum += await pending;
            _reused.TryReset();
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> SocketLinkedSource()
    {
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(_outer.Token);
            linked.CancelAfter(s_patience);
            var pending = _plain.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, linked.Token);
            _plainPeer.Send(_data);
            sum += await pending;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> SocketWaitAsync()
    {
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            var pending = _plain.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None).AsTask().WaitAsync(s_patience);
            _plainPeer.Send(_data);
            sum += await pending;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> ConnectionUnlimited()
    {
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            var pending = _connection.ReadAsync(_buffer);
            _connectionPeer.Send(_data);
            sum += await pending;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> ConnectionDeadlineMoved()
    {
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            _connection.ReadDeadline = Deadline.After(s_patience);
            var pending = _connection.ReadAsync(_buffer);
            _connectionPeer.Send(_data);
            sum += await pending;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> ConnectionReadTimeout()
    {
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            var pending = _timed.ReadAsync(_buffer);
            _timedPeer.Send(_data);
            sum += await pending;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> ConnectionCallersToken()
    {
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            var pending = _connection.ReadAsync(_buffer, _outer.Token);
            _connectionPeer.Send(_data);
            sum += await pending;
        }

        return sum;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        foreach (var socket in new[] { _plain, _plainPeer, _connectionPeer, _timedPeer })
        {
            socket.Dispose();
        }

        _connection.Dispose();
        _timed.Dispose();
        _outer.Dispose();
        _reused.Dispose();
        GC.SuppressFinalize(this);
    }
}
