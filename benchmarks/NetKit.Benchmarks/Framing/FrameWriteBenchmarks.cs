using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Frames with a length before them, sent one by one to a peer that reads them; one operation is one frame.</summary>
[MemoryDiagnoser]
public abstract class FrameWriteBenchmarks : IDisposable
{
    private const int HeaderSize = 4;
    private const int BatchSize = 16;

    private readonly int _frames;
    private readonly byte[] _frame;
    private readonly ReadOnlyMemory<byte>[] _batch;
    private readonly byte[] _header = new byte[HeaderSize];
    private readonly byte[] _received = new byte[64 * 1024];
    private readonly Socket _streamPeer;
    private readonly NetworkStream _stream;
    private readonly Socket _pipePeer;
    private readonly NetworkStream _pipeStream;
    private readonly PipeWriter _pipe;
    private readonly Socket _connectionPeer;
    private readonly Connection _connection;
    private readonly FrameWriter _writer;

    protected FrameWriteBenchmarks(int frameSize, int frames)
    {
        _frames = frames;
        _frame = new byte[frameSize];
        _batch = [.. Enumerable.Repeat(new ReadOnlyMemory<byte>(_frame), BatchSize)];
        (_streamPeer, var client) = Loopback.CreatePair();
        _stream = new NetworkStream(client, ownsSocket: true);
        (_pipePeer, client) = Loopback.CreatePair();
        _pipeStream = new NetworkStream(client, ownsSocket: true);
        _pipe = PipeWriter.Create(_pipeStream);
        (_connectionPeer, client) = Loopback.CreatePair();
        _connection = Connection.FromSocket(client);
        _writer = new FrameWriter(_connection, FrameFormat.LengthPrefix());
    }

    protected async Task<int> WriteStreamTwiceAsync()
    {
        var receiving = ReceiveAsync(_streamPeer);
        for (var frame = 0; frame < _frames; frame++)
        {
            BinaryPrimitives.WriteInt32BigEndian(_header, _frame.Length);
            await _stream.WriteAsync(_header);
            await _stream.WriteAsync(_frame);
        }

        return await receiving;
    }

    protected async Task<int> WritePipeAsync()
    {
        var receiving = ReceiveAsync(_pipePeer);
        for (var frame = 0; frame < _frames; frame++)
        {
            var room = _pipe.GetMemory(HeaderSize + _frame.Length);
            BinaryPrimitives.WriteInt32BigEndian(room.Span, _frame.Length);
            _frame.CopyTo(room[HeaderSize..]);
            _pipe.Advance(HeaderSize + _frame.Length);
            await _pipe.FlushAsync();
        }

        return await receiving;
    }

    protected async Task<int> WriteFramesAsync()
    {
        var receiving = ReceiveAsync(_connectionPeer);
        for (var frame = 0; frame < _frames; frame++)
        {
            await _writer.WriteAsync(_frame);
        }

        return await receiving;
    }

    protected async Task<int> WriteFramesTogetherAsync()
    {
        var receiving = ReceiveAsync(_connectionPeer);
        for (var frame = 0; frame < _frames; frame += BatchSize)
        {
            await _writer.WriteAsync(_batch);
        }

        return await receiving;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _streamPeer.Dispose();
        _stream.Dispose();
        _pipePeer.Dispose();
        _pipeStream.Dispose();
        _connectionPeer.Dispose();
        _connection.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task<int> ReceiveAsync(Socket peer)
    {
        var left = _frames * (HeaderSize + _frame.Length);
        while (left > 0)
        {
            left -= await peer.ReceiveAsync(_received.AsMemory(), SocketFlags.None);
        }

        return left;
    }
}
