using System.Buffers;
using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace NetKit.Tests.Framing;

public sealed class FrameWriterTests
{
    private static readonly int[] s_lengths = [0, 1, 200, 0, 100];

    [Theory]
    [MemberData(nameof(FrameCases.All), MemberType = typeof(FrameCases))]
    public async Task Several_frames_are_one_write_and_arrive_one_by_one(string name)
    {
        await using var pair = Pairs.Memory();
        var frames = s_lengths.Select(length => new ReadOnlyMemory<byte>(FrameCases.Fit(name, Payload.Random(length)))).ToList();
        var writer = new FrameWriter(pair.First, FrameCases.Format(name));
        await writer.WriteAsync(frames);
        await writer.WriteAsync(Array.Empty<ReadOnlyMemory<byte>>());
        await writer.WriteAsync(Sequences.Cut(frames[2], 7));
        using var reader = new FrameReader(pair.Second, FrameCases.Format(name));
        foreach (var frame in frames.Append(frames[2]))
        {
            Assert.Equal(frame.ToArray(), (await reader.ReadAsync())!.Value.ToArray());
        }
    }

    [Fact]
    public async Task A_thousand_frames_in_one_write_arrive_and_a_small_one_after_them()
    {
        await using var pair = await Pairs.TcpAsync();
        var frames = Enumerable.Range(0, 1000).Select(index => new ReadOnlyMemory<byte>(Payload.Random(index, index))).ToArray();
        var writer = new FrameWriter(pair.First, FrameFormat.VarintPrefix());
        var writing = writer.WriteAsync(frames).AsTask();
        using var reader = new FrameReader(pair.Second, FrameFormat.VarintPrefix());
        foreach (var frame in frames)
        {
            Assert.True((await reader.ReadAsync())!.Value.ToArray().AsSpan().SequenceEqual(frame.Span));
        }

        await writing;
        await writer.WriteAsync(new byte[] { 42 });
        Assert.Equal([42], (await reader.ReadAsync())!.Value.ToArray());
    }

    [Fact]
    public async Task Header_and_frame_arrive_in_one_piece()
    {
        // Sent in two calls, the header would now and then be all that a reader finds who waits already.
        await using var pair = await Pairs.TcpAsync();
        var writer = new FrameWriter(pair.First, FrameFormat.LengthPrefix(2));
        var frames = new ReadOnlyMemory<byte>[] { new byte[300], new byte[300] };
        var buffer = new byte[64 * 1024];
        for (var i = 0; i < 300; i++)
        {
            var read = pair.Second.ReadAsync(buffer).AsTask();
            await writer.WriteAsync(frames[0]);
            Assert.Equal(302, await read);

            read = pair.Second.ReadAsync(buffer).AsTask();
            await writer.WriteAsync(frames);
            Assert.Equal(604, await read);
        }
    }

    [Fact]
    public async Task Header_and_frame_share_a_record_of_tls()
    {
        await using var pair = await Pairs.TlsAsync(Pairs.Memory());
        await new FrameWriter(pair.First, FrameFormat.LengthPrefix()).WriteAsync(new byte[10_000]);

        // A read gives no more than a record.
        Assert.Equal(10_004, await pair.Second.ReadAsync(new byte[64 * 1024]));
    }

    [Theory]
    [InlineData("line feed", "a\nb")]
    [InlineData("line feed", "\n")]
    [InlineData("line end", "a\r\nb")]
    [InlineData("overlapping", "xaba")]
    [InlineData("overlapping", "xab")] // "xab" + "aba": found a byte too early
    public async Task A_frame_that_contains_the_delimiter_is_refused_before_anything_is_sent(string name, string text)
    {
        await using var pair = Pairs.Memory();
        var writer = new FrameWriter(pair.First, FrameCases.Format(name));
        var frame = Encoding.UTF8.GetBytes(text);
        var good = "good"u8.ToArray();
        await AssertRefusedAsync(() => writer.WriteAsync(frame));
        await AssertRefusedAsync(() => writer.WriteAsync(Sequences.Cut(frame, frame.Length)));
        await AssertRefusedAsync(() => writer.WriteAsync([good, frame]));
        await writer.WriteAsync(good);
        await pair.First.CompleteWritesAsync();
        Assert.Equal(FrameCases.OnTheWire(name, good), await Peer.ReadToEndAsync(pair.Second));

        static async Task AssertRefusedAsync(Func<ValueTask> write) =>
            Assert.Contains("contains the delimiter", (await Assert.ThrowsAsync<ArgumentException>(async () => await write())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("line end", "a\r")]
    [InlineData("line end", "\n")]
    [InlineData("overlapping", "ab x a")]
    public async Task A_frame_that_contains_a_part_of_the_delimiter_passes(string name, string text)
    {
        await using var pair = Pairs.Memory();
        var frame = Encoding.UTF8.GetBytes(text);
        await new FrameWriter(pair.First, FrameCases.Format(name)).WriteAsync(frame);
        using var reader = new FrameReader(pair.Second, FrameCases.Format(name));
        Assert.Equal(frame, (await reader.ReadAsync())!.Value.ToArray());
    }

    [Theory]
    [MemberData(nameof(FrameCases.All), MemberType = typeof(FrameCases))]
    public async Task A_frame_beyond_the_limit_is_refused_and_the_knob_named(string name)
    {
        await using var pair = Pairs.Memory();
        var frame = FrameCases.Fit(name, Payload.Random(100));
        var writer = new FrameWriter(pair.First, FrameCases.Format(name, frame.Length - 1));
        var exception = await Assert.ThrowsAsync<ArgumentException>(async () => await writer.WriteAsync(frame));
        Assert.Contains($"a frame of {frame.Length} bytes is over the limit of {frame.Length - 1} (FrameFormat.MaxFrameSize)", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_cut_short_within_a_frame_ends_the_writing_of_frames()
    {
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        var writer = new FrameWriter(pair.First, FrameFormat.LengthPrefix());
        pair.First.WriteDeadline = Deadline.After(TimeSpan.FromSeconds(1), time);
        var write = writer.WriteAsync(new byte[1_000_000]).AsTask();
        var queued = writer.WriteAsync(new byte[] { 1 }).AsTask();
        time.Advance(TimeSpan.FromSeconds(1));
        var cut = await Fails.AtDeadline(write.Within());
        Assert.InRange(cut.BytesTransferred, 1, 1_000_003);
        pair.First.WriteDeadline = Deadline.None;

        await AssertOverAsync(queued);
        await AssertOverAsync(writer.WriteAsync(new byte[] { 2 }).AsTask());

        // What the peer has is the beginning of the frame, to the byte that was counted, and nothing of what came later.
        await pair.First.CompleteWritesAsync();
        Assert.Equal(cut.BytesTransferred, await Peer.DrainAsync(pair.Second));

        async Task AssertOverAsync(Task later)
        {
            var exception = await Assert.ThrowsAsync<ConnectionException>(() => later.Within());
            Assert.Equal(ConnectionError.Closed, exception.Error);
            Assert.Contains($"cut short after {cut.BytesTransferred} bytes", exception.Message, StringComparison.Ordinal);
            Fails.AssertWellFormed(exception);
        }
    }

    [Fact]
    public async Task A_write_that_ended_before_its_first_byte_leaves_the_writer_as_it_was()
    {
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        var writer = new FrameWriter(pair.First, FrameFormat.LengthPrefix(1));
        pair.First.WriteDeadline = Deadline.After(TimeSpan.Zero, time);
        Assert.Equal(0, (await Fails.AtDeadline(writer.WriteAsync(new byte[] { 1 }))).BytesTransferred);
        pair.First.WriteDeadline = Deadline.None;
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Fails.ByToken(writer.WriteAsync(new byte[] { 2 }, source.Token), source.Token);

        await writer.WriteAsync(new byte[] { 3 });
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix(1));
        Assert.Equal([3], (await reader.ReadAsync())!.Value.ToArray());
    }

    [Fact]
    public async Task A_write_cancelled_under_way_ends_the_writing_of_frames_but_one_cancelled_in_the_queue_does_not()
    {
        await using var pair = Pairs.Memory();
        var writer = new FrameWriter(pair.First, FrameFormat.LengthPrefix());
        using var source = new CancellationTokenSource();
        var first = writer.WriteAsync(new byte[100_000]).AsTask();
        var queued = writer.WriteAsync(new byte[] { 1 }, source.Token).AsTask();
        await source.CancelAsync();
        await Fails.ByToken(queued, source.Token);
        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix());
        Assert.Equal(100_000, (await reader.ReadAsync())?.Length);
        await first;

        using var another = new CancellationTokenSource();
        var cut = writer.WriteAsync(new byte[100_000], another.Token).AsTask();
        await another.CancelAsync();
        await Fails.ByToken(cut, another.Token);
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => writer.WriteAsync(new byte[] { 2 }).AsTask());
        Assert.Equal(ConnectionError.Closed, exception.Error);
        Assert.Contains("cut short by its token", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_whose_turn_does_not_come_within_the_write_timeout_fails_and_is_not_sent()
    {
        var time = new FakeTimeProvider();
        await using var pair = Pairs.Memory(time);
        var writer = new FrameWriter(pair.First, FrameFormat.LengthPrefix());
        var first = writer.WriteAsync(new byte[100_000]).AsTask();
        pair.First.WriteTimeout = 1000;
        var queued = writer.WriteAsync(new byte[] { 1 }).AsTask();
        time.Advance(TimeSpan.FromSeconds(1));
        await Fails.AtDeadline(queued.Within());

        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix());
        Assert.Equal(100_000, (await reader.ReadAsync())?.Length);
        await first;
        await writer.WriteAsync(new byte[] { 2 });
        Assert.Equal([2], (await reader.ReadAsync())!.Value.ToArray());
    }

    [Fact]
    public async Task Writers_at_the_same_time_never_mix_their_frames_and_each_keeps_its_order()
    {
        const int Writers = 8;
        const int Frames = 300;
        await using var pair = await Pairs.TcpAsync();
        var writer = new FrameWriter(pair.First, FrameFormat.LengthPrefix(2));
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(number => Task.Run(async () =>
        {
            for (var i = 0; i < Frames; i += 2)
            {
                await writer.WriteAsync([FrameOf(number, i), FrameOf(number, i + 1)]);
            }
        })));

        using var reader = new FrameReader(pair.Second, FrameFormat.LengthPrefix(2));
        var next = new int[Writers];
        for (var i = 0; i < Writers * Frames; i++)
        {
            var frame = (await reader.ReadAsync())!.Value.ToArray();
            var number = frame[0];
            Assert.Equal(FrameOf(number, next[number]++), frame);

            // The two of one write are neighbours.
            Assert.True(i % 2 == 0 || next[number] % 2 == 0);
        }

        await writing.Within();

        static byte[] FrameOf(int number, int index)
        {
            var frame = Payload.Of((byte)index, 1 + (index * 3));
            frame[0] = (byte)number;
            return frame;
        }
    }

    [Fact]
    public async Task A_header_that_cannot_be_written_fails_that_frame_alone()
    {
        await using var pair = Pairs.Memory();
        var writer = new FrameWriter(pair.First, new EvenFormat());
        await Assert.ThrowsAsync<NotSupportedException>(() => writer.WriteAsync(new byte[3]).AsTask());
        await writer.WriteAsync(new byte[2]);
        Assert.Equal([1, 0, 0], await Peer.ReadAsync(pair.Second, 3));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public async Task A_header_of_a_length_that_makes_no_sense_is_told_and_nothing_is_sent(int written)
    {
        await using var pair = Pairs.Memory();
        var format = new LyingFormat();
        var writer = new FrameWriter(pair.First, format);

        // So many that there is room behind the headers of the next write.
        await writer.WriteAsync([new byte[1], new byte[1], new byte[1], new byte[1]]);
        Assert.Equal(8, (await Peer.ReadAsync(pair.Second, 8)).Length);
        format.Written = written;
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteAsync(new byte[1]).AsTask());
        Assert.Contains($"{nameof(LyingFormat)} wrote a header of {written} bytes", exception.Message, StringComparison.Ordinal);

        format.Written = 1;
        await writer.WriteAsync(new byte[] { 7 });
        Assert.Equal([1, 7], await Peer.ReadAsync(pair.Second, 2));
    }

    /// <summary>Says that it has written what it has not.</summary>
    private sealed class LyingFormat() : HeaderFrameFormat(2, 255)
    {
        public int Written { get; set; } = 1;

        protected override bool TryReadHeader(ReadOnlySpan<byte> bytes, out int headerLength, out long frameLength) => throw new NotSupportedException();

        protected override int WriteHeader(Span<byte> destination, int frameLength)
        {
            destination[0] = (byte)frameLength;
            return Written;
        }
    }

    /// <summary>Counts in pairs of bytes.</summary>
    private sealed class EvenFormat() : HeaderFrameFormat(1, 510)
    {
        protected override bool TryReadHeader(ReadOnlySpan<byte> bytes, out int headerLength, out long frameLength)
        {
            (headerLength, frameLength) = (1, bytes[0] * 2);
            return true;
        }

        protected override int WriteHeader(Span<byte> destination, int frameLength)
        {
            destination[0] = frameLength % 2 == 0 ? (byte)(frameLength / 2) : throw new NotSupportedException();
            return 1;
        }
    }
}
