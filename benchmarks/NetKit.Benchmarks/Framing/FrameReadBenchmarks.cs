using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>Frames with a length before them that come as fast as they can; one operation is one frame, and its part of the send.</summary>
[MemoryDiagnoser]
public abstract class FrameReadBenchmarks : IDisposable
{
    private const int HeaderSize = 4;

    private readonly byte[] _data;
    private readonly byte[] _frame;
    private readonly byte[] _header = new byte[HeaderSize];
    private readonly int _frames;
    private readonly Socket _streamPeer;
    private readonly NetworkStream _stream;
    private readonly Socket _pipePeer;
    private readonly NetworkStream _pipeStream;
    private readonly PipeReader _pipe;
    private readonly Socket _connectionPeer;
    private readonly Connection _connection;
    private readonly FrameReader _reader;

    protected FrameReadBenchmarks(int frameSize, int frames)
    {
        _frames = frames;
        _frame = new byte[frameSize];
        _data = new byte[frames * (HeaderSize + frameSize)];
        for (var at = 0; at < _data.Length; at += HeaderSize + frameSize)
        {
            BinaryPrimitives.WriteInt32BigEndian(_data.AsSpan(at), frameSize);
        }

        (_streamPeer, var server) = Loopback.CreatePair();
        _stream = new NetworkStream(server, ownsSocket: true);
        (_pipePeer, server) = Loopback.CreatePair();
        _pipeStream = new NetworkStream(server, ownsSocket: true);
        _pipe = PipeReader.Create(_pipeStream);
        (_connectionPeer, server) = Loopback.CreatePair();
        _connection = Connection.FromSocket(server);
        _reader = new FrameReader(_connection, FrameFormat.LengthPrefix());
    }

    protected async Task<int> ReadExactlyAsync()
    {
        var sending = _streamPeer.SendAsync(_data.AsMemory(), SocketFlags.None);
        var sum = 0;
        for (var frame = 0; frame < _frames; frame++)
        {
            await _stream.ReadExactlyAsync(_header);
            var length = BinaryPrimitives.ReadInt32BigEndian(_header);
            await _stream.ReadExactlyAsync(_frame.AsMemory(0, length));
            sum += length;
        }

        return sum + await sending;
    }

    protected async Task<int> ParsePipeAsync()
    {
        var sending = _pipePeer.SendAsync(_data.AsMemory(), SocketFlags.None);
        var sum = 0;
        for (var frame = 0; frame < _frames;)
        {
            var result = await _pipe.ReadAsync();
            var rest = result.Buffer;
            while (TryParse(ref rest, out var payload))
            {
                sum += (int)payload.Length;
                frame++;
            }

            _pipe.AdvanceTo(rest.Start, rest.End);
        }

        return sum + await sending;
    }

    protected async Task<int> ReadFramesAsync()
    {
        var sending = _connectionPeer.SendAsync(_data.AsMemory(), SocketFlags.None);
        var sum = 0;
        for (var frame = 0; frame < _frames; frame++)
        {
            sum += (int)(await _reader.ReadAsync())!.Value.Length;
        }

        return sum + await sending;
    }

    protected async Task<int> ReadFramesTogetherAsync()
    {
        var sending = _connectionPeer.SendAsync(_data.AsMemory(), SocketFlags.None);
        var sum = 0;
        for (var frame = 0; frame < _frames;)
        {
            var next = (await _reader.ReadAsync())!.Value;
            do
            {
                sum += (int)next.Length;
                frame++;
            }
            while (_reader.TryRead(out next));
        }

        return sum + await sending;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _streamPeer.Dispose();
        _stream.Dispose();
        _pipePeer.Dispose();
        _pipeStream.Dispose();
        _connectionPeer.Dispose();
        _reader.Dispose();
        _connection.Dispose();
        GC.SuppressFinalize(this);
    }

    private static bool TryParse(ref ReadOnlySequence<byte> rest, out ReadOnlySequence<byte> payload)
    {
        var reader = new SequenceReader<byte>(rest);
        payload = default;
        if (!reader.TryReadBigEndian(out int length) || reader.Remaining < length)
        {
            return false;
        }

        payload = rest.Slice(HeaderSize, length);
        rest = rest.Slice(HeaderSize + length);
        return true;
    }
}
