using System.Net.Sockets;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Reads of 64 B that has arrived already, with and without a limit of time; one operation is one read and 1/1024 of a send.</summary>
[MemoryDiagnoser]
public class ReadyReadBenchmarks : IDisposable
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
    private readonly byte[] _data = new byte[Reads * MessageSize];
    private readonly byte[] _buffer = new byte[MessageSize];

    public ReadyReadBenchmarks()
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
        _plainPeer.Send(_data);
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            sum += await _plain.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> SocketCancelAfterAndTryReset()
    {
        _plainPeer.Send(_data);
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            _reused.CancelAfter(s_patience);
            sum += await _plain.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, _reused.Token);
            _reused.TryReset();
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> SocketLinkedSource()
    {
        _plainPeer.Send(_data);
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(_outer.Token);
            linked.CancelAfter(s_patience);
            sum += await _plain.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, linked.Token);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> SocketWaitAsync()
    {
        _plainPeer.Send(_data);
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            sum += await _plain.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None).AsTask().WaitAsync(s_patience);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> ConnectionUnlimited()
    {
        _connectionPeer.Send(_data);
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            sum += await _connection.ReadAsync(_buffer);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> ConnectionDeadlineMoved()
    {
        _connectionPeer.Send(_data);
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            _connection.ReadDeadline = Deadline.After(s_patience);
            sum += await _connection.ReadAsync(_buffer);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> ConnectionReadTimeout()
    {
        _timedPeer.Send(_data);
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            sum += await _timed.ReadAsync(_buffer);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public async Task<int> ConnectionCallersToken()
    {
        _connectionPeer.Send(_data);
        var sum = 0;
        for (var read = 0; read < Reads; read++)
        {
            sum += await _connection.ReadAsync(_buffer, _outer.Token);
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
