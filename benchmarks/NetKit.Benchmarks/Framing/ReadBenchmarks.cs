using System.IO.Pipelines;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;

namespace NetKit.Benchmarks;

/// <summary>The same frames for three readers, each at a connection of its own; one operation is one frame, and its part of the send.</summary>
[MemoryDiagnoser]
public abstract class ReadBenchmarks : IDisposable
{
    private readonly byte[] _data;
    private readonly Socket _streamPeer;
    private readonly Socket _pipePeer;
    private readonly NetworkStream _pipeStream;
    private readonly Socket _connectionPeer;
    private readonly Connection _connection;
    private readonly FrameReader _reader;

    /// <param name="data">All the frames, as one send.</param>
    /// <param name="frames">How many those are.</param>
    /// <param name="format">How they are told apart.</param>
    protected ReadBenchmarks(byte[] data, int frames, FrameFormat format)
    {
        _data = data;
        FrameCount = frames;
        (_streamPeer, var server) = Loopback.CreatePair();
        Stream = new NetworkStream(server, ownsSocket: true);
        (_pipePeer, server) = Loopback.CreatePair();
        _pipeStream = new NetworkStream(server, ownsSocket: true);
        Pipe = PipeReader.Create(_pipeStream);
        (_connectionPeer, server) = Loopback.CreatePair();
        _connection = Connection.FromSocket(server);
        _reader = new FrameReader(_connection, format);
    }

    protected int FrameCount { get; }

    protected NetworkStream Stream { get; }

    protected PipeReader Pipe { get; }

    protected ValueTask<int> SendToStreamAsync() => _streamPeer.SendAsync(_data.AsMemory(), SocketFlags.None);

    protected ValueTask<int> SendToPipeAsync() => _pipePeer.SendAsync(_data.AsMemory(), SocketFlags.None);

    protected async Task<int> ReadFramesAsync()
    {
        var sending = _connectionPeer.SendAsync(_data.AsMemory(), SocketFlags.None);
        var sum = 0;
        for (var frame = 0; frame < FrameCount; frame++)
        {
            sum += (int)(await _reader.ReadAsync())!.Value.Length;
        }

        return sum + await sending;
    }

    protected async Task<int> ReadFramesTogetherAsync()
    {
        var sending = _connectionPeer.SendAsync(_data.AsMemory(), SocketFlags.None);
        var sum = 0;
        for (var frame = 0; frame < FrameCount;)
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
        Stream.Dispose();
        _pipePeer.Dispose();
        _pipeStream.Dispose();
        _connectionPeer.Dispose();
        _reader.Dispose();
        _connection.Dispose();
        GC.SuppressFinalize(this);
    }
}
