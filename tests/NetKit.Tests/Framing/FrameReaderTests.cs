using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;

namespace NetKit.Tests.Framing;

public sealed class FrameReaderTests
{
    [Fact]
    public async Task Frames_that_came_together_are_given_one_by_one_until_the_peer_has_finished()
    {
        await using var pair = Pairs.Memory();
        await pair.First.WriteAsync("one\ntwo\n\nfour\n"u8.ToArray());
        await pair.First.CompleteWritesAsync();

        using var reader = new FrameReader(pair.Second, FrameFormat.Delimiter("\n"u8));
        var frames = new List<string>();
        await foreach (var frame in reader.ReadAllAsync())
        {
            frames.Add(Text(frame));
        }

        Assert.Equal(["one", "two", "", "four"], frames);
        Assert.Null(await reader.ReadAsync());
        Assert.Null(await reader.ReadAsync());
    }

    [Fact]
    public async Task What_came_with_a_frame_can_be_read_without_waiting_and_nothing_else()
    {
        await using var pair = Pairs.Memory();
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix(1));
        await pair.First.WriteAsync(new byte[] { 1, 42, 2, 43, 44, 3, 45 });
        Assert.False(reader.TryRead(out var frame));
        Assert.True(frame.IsEmpty);
        Assert.Equal([42], (await reader.ReadAsync())!.Value.ToArray());
        Assert.True(reader.TryRead(out frame));
        Assert.Equal([43, 44], frame.ToArray());
        Assert.False(reader.TryRead(out frame));
        Assert.True(frame.IsEmpty);
        var reading = reader.ReadAsync();
        Assert.Throws<InvalidOperationException>(() => reader.TryRead(out _));
        await pair.First.WriteAsync(new byte[] { 46, 47, 1, 48, 0xff });
        await pair.First.CompleteWritesAsync();
        Assert.Equal([45, 46, 47], (await reading)!.Value.ToArray());
        Assert.True(reader.TryRead(out frame));
        Assert.Equal([48], frame.ToArray());
        Assert.False(reader.TryRead(out _));
        await Assert.ThrowsAsync<ConnectionException>(() => reader.ReadAsync().AsTask());
        Assert.False(reader.TryRead(out _));
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.TryRead(out _));
    }

    [Fact]
    public async Task A_frame_beyond_the_limit_fails_also_where_nothing_is_waited_for()
    {
        await using var pair = Pairs.Memory();
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix(1, maxFrameSize: 5));
        await pair.First.WriteAsync(new byte[] { 1, 42, 6 });
        Assert.Equal([42], (await reader.ReadAsync())!.Value.ToArray());
        for (var i = 0; i < 2; i++)
        {
            var exception = Assert.Throws<ConnectionException>(() => reader.TryRead(out _));
            Assert.Equal(ConnectionError.ProtocolViolation, exception.Error);
        }

        await Assert.ThrowsAsync<ConnectionException>(() => reader.ReadAsync().AsTask());
    }

    [Theory]
    [MemberData(nameof(FrameCases.All), MemberType = typeof(FrameCases))]
    public async Task A_peer_that_finishes_within_a_frame_is_an_error_at_every_byte_and_between_frames_the_end(string name)
    {
        var frame = FrameCases.Fit(name, Payload.Random(40));
        byte[] wire = [.. FrameCases.OnTheWire(name, frame), .. FrameCases.OnTheWire(name, frame)];
        for (var length = 0; length <= wire.Length; length++)
        {
            await using var pair = Pairs.Memory();
            await pair.First.WriteAsync(wire.AsMemory(0, length));
            await pair.First.CompleteWritesAsync();
            using var reader = new FrameReader(pair.Second, FrameCases.Format(name));
            for (var whole = length / (wire.Length / 2); whole > 0; whole--)
            {
                Assert.Equal(frame, (await reader.ReadAsync())!.Value.ToArray());
            }

            var rest = length % (wire.Length / 2);
            for (var i = 0; i < 2; i++)
            {
                if (rest == 0)
                {
                    Assert.Null(await reader.ReadAsync());
                    continue;
                }

                var exception = await Assert.ThrowsAsync<ConnectionException>(() => reader.ReadAsync().AsTask());
                Assert.Equal(ConnectionError.ProtocolViolation, exception.Error);
                Assert.Contains($"finished within a frame, after {rest} bytes of it", exception.Message, StringComparison.Ordinal);
                Fails.AssertWellFormed(exception);
            }
        }
    }

    [Fact]
    public async Task A_reset_is_the_connections_error_and_comes_after_the_frames_that_had_come()
    {
        await using var pair = await Pairs.TcpAsync();
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix(1));
        await pair.First.WriteAsync(new byte[] { 1, 42, 1, 43 });
        Assert.Equal([42], (await reader.ReadAsync())!.Value.ToArray());
        pair.First.Abort();
        Assert.Equal([43], (await reader.ReadAsync())!.Value.ToArray());
        await Fails.AsReset(reader.ReadAsync().AsTask());
    }

    [Fact]
    public async Task A_frame_beyond_the_limit_fails_before_any_of_it_has_come()
    {
        await using var pair = Pairs.Memory();
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix());
        await pair.First.WriteAsync(new byte[] { 0, 0x10, 0, 1 });
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => reader.ReadAsync().AsTask());
        Assert.Equal(ConnectionError.ProtocolViolation, exception.Error);
        Assert.Contains("1048577 bytes is over the limit of 1048576 (FrameFormat.MaxFrameSize)", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frame_that_is_announced_costs_memory_as_it_comes_and_not_before()
    {
        var pool = new CountingPool();
        await using var pair = Pairs.Memory();
        using var reader = new FrameReader(pair.Second.AsDuplexPipe(pool.ReaderOptions).Input, FrameFormat.LengthPrefix());
        var read = reader.ReadAsync().AsTask();
        await pair.First.WriteAsync(new byte[] { 0, 0x10, 0, 0, 1, 2, 3 });
        await Waiting.StillWaits(read);
        Assert.InRange(pool.BytesRented, 1, 16 * 1024);
        await pair.First.WriteAsync(new byte[1_048_573]);
        Assert.Equal(1_048_576, (await read)?.Length);
    }

    [Fact]
    public async Task A_reader_that_waits_holds_no_buffer()
    {
        var pool = new CountingPool();
        await using var pair = Pairs.Memory();
        using var reader = new FrameReader(pair.Second.AsDuplexPipe(pool.ReaderOptions).Input, FrameFormat.LengthPrefix(1));
        for (var i = 0; i < 3; i++)
        {
            var read = reader.ReadAsync().AsTask();
            await Waiting.StillWaits(read);
            Assert.Equal(0, pool.BytesRented);
            await pair.First.WriteAsync(new byte[] { 2, 7, 8 });
            Assert.Equal([7, 8], (await read)!.Value.ToArray());
            Assert.True(pool.BytesRented > 0, "Who has a frame holds its buffer: it is not copied.");
        }
    }

    [Fact]
    public async Task A_read_that_is_cancelled_within_a_frame_loses_nothing()
    {
        await using var pair = Pairs.Memory();
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix());
        byte[] wire = [0, 0, 0, 3, 7, 8, 9];
        foreach (var part in wire.Chunk(2))
        {
            using var source = new CancellationTokenSource();
            var read = reader.ReadAsync(source.Token).AsTask();
            await source.CancelAsync();
            await Fails.ByToken(read, source.Token);
            await Fails.ByToken(reader.ReadAsync(source.Token).AsTask(), source.Token);
            await pair.First.WriteAsync(part);
        }

        Assert.Equal([7, 8, 9], (await reader.ReadAsync())!.Value.ToArray());
    }

    [Fact]
    public async Task A_read_that_somebody_cancels_on_the_pipe_ends_and_loses_nothing()
    {
        await using var pair = Pairs.Memory();
        var pipe = pair.Second.AsDuplexPipe().Input;
        using var reader = new FrameReader(pipe, FrameFormat.LengthPrefix(1));
        await pair.First.WriteAsync(new byte[] { 2, 7 });
        var read = reader.ReadAsync().AsTask();
        await Waiting.StillWaits(read);
        pipe.CancelPendingRead();
        await Assert.ThrowsAsync<OperationCanceledException>(() => read);
        await pair.First.WriteAsync(new byte[] { 8 });
        Assert.Equal([7, 8], (await reader.ReadAsync())!.Value.ToArray());
    }

    [Fact]
    public async Task Two_reads_at_once_are_refused()
    {
        await using var pair = Pairs.Memory();
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix(1));
        var read = reader.ReadAsync().AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await reader.ReadAsync());
        await pair.First.WriteAsync(new byte[] { 0 });
        Assert.Equal(0, (await read)?.Length);
    }

    [Fact]
    public async Task Who_stops_early_can_read_on_and_change_the_framing_after_any_frame()
    {
        await using var pair = Pairs.Memory();
        await pair.First.WriteAsync("hello\nlength!\n\x2hi\x3you rest"u8.ToArray());
        using (var lines = new FrameReader(pair.Second, FrameFormat.Delimiter("\n"u8)))
        {
            await foreach (var line in lines.ReadAllAsync())
            {
                Assert.Equal("hello", Text(line));
                break;
            }

            Assert.Equal("length!", Text(await lines.ReadAsync()));
        }

        using (var frames = new FrameReader(pair.Second, FrameFormat.LengthPrefix(1)))
        {
            Assert.Equal("hi", Text(await frames.ReadAsync()));
            Assert.Equal("you", Text(await frames.ReadAsync()));
            frames.Dispose();
            frames.Dispose();
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await frames.ReadAsync());
        }

        var rest = await pair.Second.AsDuplexPipe().Input.ReadAsync();
        Assert.Equal(" rest", Text(rest.Buffer));
    }

    [Fact]
    public async Task A_frame_is_shown_where_it_was_received()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(new byte[] { 3, 1, 2, 3 });
        Assert.True(pipe.Reader.TryRead(out var shown));
        Assert.True(MemoryMarshal.TryGetArray(shown.Buffer.First, out var received));
        pipe.Reader.AdvanceTo(shown.Buffer.Start);

        using var reader = new FrameReader(pipe.Reader, FrameFormat.LengthPrefix(1));
        Assert.True(MemoryMarshal.TryGetArray((await reader.ReadAsync())!.Value.First, out var frame));
        Assert.Same(received.Array, frame.Array);
        Assert.Equal(received.Offset + 1, frame.Offset);
    }

    [Fact]
    public async Task Nothing_is_no_argument()
    {
        await using var pair = Pairs.Memory();
        var format = FrameFormat.LengthPrefix();
        Assert.Throws<ArgumentNullException>(() => new FrameReader((Connection)null!, format));
        Assert.Throws<ArgumentNullException>(() => new FrameReader((PipeReader)null!, format));
        Assert.Throws<ArgumentNullException>(() => new FrameReader(pair.First, null!));
        Assert.Throws<ArgumentNullException>(() => new FrameReader(new Pipe().Reader, null!));
        Assert.Throws<ArgumentNullException>(() => new FrameWriter(null!, format));
        Assert.Throws<ArgumentNullException>(() => new FrameWriter(pair.First, null!));
        var writer = new FrameWriter(pair.First, format);
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await writer.WriteAsync((IReadOnlyList<ReadOnlyMemory<byte>>)null!));
    }

    private static string Text(ReadOnlySequence<byte>? frame) => Encoding.UTF8.GetString(frame!.Value);

    /// <summary>Knows how much is rented at the moment.</summary>
    private sealed class CountingPool : MemoryPool<byte>
    {
        private long _bytesRented;

        public long BytesRented => Volatile.Read(ref _bytesRented);

        public StreamPipeReaderOptions ReaderOptions => new(this, leaveOpen: true, useZeroByteReads: true);

        public override int MaxBufferSize => int.MaxValue;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Rented(this, minBufferSize < 1 ? 4096 : minBufferSize);

        protected override void Dispose(bool disposing)
        {
        }

        private sealed class Rented : IMemoryOwner<byte>
        {
            private readonly CountingPool _pool;

            public Rented(CountingPool pool, int size)
            {
                _pool = pool;
                Memory = new byte[size];
                Interlocked.Add(ref _pool._bytesRented, size);
            }

            public Memory<byte> Memory { get; }

            public void Dispose() => Interlocked.Add(ref _pool._bytesRented, -Memory.Length);
        }
    }
}
