using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Lines of 64 B, 512 in one send; one operation is one line, and its part of the send.</summary>
[MemoryDiagnoser]
public class LineReadBenchmarks : IDisposable
{
    private const int Lines = 512;
    private const int LineSize = 64;

    private readonly byte[] _data;
    private readonly Socket _streamPeer;
    private readonly StreamReader _streamReader;
    private readonly Socket _pipePeer;
    private readonly NetworkStream _pipeStream;
    private readonly PipeReader _pipe;
    private readonly Socket _connectionPeer;
    private readonly Connection _connection;
    private readonly FrameReader _reader;

    public LineReadBenchmarks()
    {
        _data = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', LineSize - 1) + "\n", Lines)));
        (_streamPeer, var server) = Loopback.CreatePair();
        _streamReader = new StreamReader(new NetworkStream(server, ownsSocket: true));
        (_pipePeer, server) = Loopback.CreatePair();
        _pipeStream = new NetworkStream(server, ownsSocket: true);
        _pipe = PipeReader.Create(_pipeStream);
        (_connectionPeer, server) = Loopback.CreatePair();
        _connection = Connection.FromSocket(server);
        _reader = new FrameReader(_connection, FrameFormat.Delimiter("\n"u8));
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Lines)]
    public async Task<int> StreamReaderReadLine()
    {
        var sending = _streamPeer.SendAsync(_data.AsMemory(), SocketFlags.None);
        var sum = 0;
        for (var line = 0; line < Lines; line++)
        {
            sum += (await _streamReader.ReadLineAsync())!.Length;
        }

        return sum + await sending;
    }

    [Benchmark(OperationsPerInvoke = Lines)]
    public async Task<int> PipeReaderByHand()
    {
        var sending = _pipePeer.SendAsync(_data.AsMemory(), SocketFlags.None);
        var sum = 0;
        for (var line = 0; line < Lines;)
        {
            var result = await _pipe.ReadAsync();
            var rest = result.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                sum += (int)rest.Slice(0, end).Length;
                rest = rest.Slice(rest.GetPosition(1, end));
                line++;
            }

            _pipe.AdvanceTo(rest.Start, rest.End);
        }

        return sum + await sending;
    }

    [Benchmark(OperationsPerInvoke = Lines)]
    public async Task<int> FrameReader()
    {
        var sending = _connectionPeer.SendAsync(_data.AsMemory(), SocketFlags.None);
        var sum = 0;
        for (var line = 0; line < Lines; line++)
        {
            sum += (int)(await _reader.ReadAsync())!.Value.Length;
        }

        return sum + await sending;
    }

    [Benchmark(OperationsPerInvoke = Lines)]
    public async Task<int> FrameReaderTryRead()
    {
        var sending = _connectionPeer.SendAsync(_data.AsMemory(), SocketFlags.None);
        var sum = 0;
        for (var line = 0; line < Lines;)
        {
            var next = (await _reader.ReadAsync())!.Value;
            do
            {
                sum += (int)next.Length;
                line++;
            }
            while (_reader.TryRead(out next));
        }

        return sum + await sending;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _streamPeer.Dispose();
        _streamReader.Dispose();
        _pipePeer.Dispose();
        _pipeStream.Dispose();
        _connectionPeer.Dispose();
        _reader.Dispose();
        _connection.Dispose();
        GC.SuppressFinalize(this);
    }
}
