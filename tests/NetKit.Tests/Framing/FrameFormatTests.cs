using System.Buffers;
using System.IO.Pipelines;

namespace NetKit.Tests.Framing;

public sealed class FrameFormatTests
{
    [Theory]
    [MemberData(nameof(FrameCases.All), MemberType = typeof(FrameCases))]
    public async Task A_frame_looks_on_the_wire_as_the_format_says(string name)
    {
        foreach (var length in new[] { 0, 1, 127, 128, 255, 256, 40_000 })
        {
            await using var pair = Pairs.Memory();
            var frame = FrameCases.Fit(name, Payload.Random(name == "2 big" ? Math.Min(length, 65_535) : length));
            await new FrameWriter(pair.First, FrameCases.Format(name)).WriteAsync(frame);
            await pair.First.CompleteWritesAsync();
            Assert.Equal(FrameCases.OnTheWire(name, frame), await Peer.ReadToEndAsync(pair.Second));
        }
    }

    [Fact]
    public async Task A_frame_may_be_no_larger_than_its_prefix_can_say()
    {
        Assert.Equal(255, FrameFormat.LengthPrefix(1).MaxFrameSize);
        Assert.Equal(254, FrameFormat.LengthPrefix(1, includesPrefix: true).MaxFrameSize);
        Assert.Equal(65_535, FrameFormat.LengthPrefix(2).MaxFrameSize);
        Assert.Equal(65_533, FrameFormat.LengthPrefix(2, includesPrefix: true).MaxFrameSize);
        Assert.Equal(100, FrameFormat.LengthPrefix(2, maxFrameSize: 100).MaxFrameSize);
        Assert.Equal(FrameFormat.DefaultMaxFrameSize, FrameFormat.LengthPrefix().MaxFrameSize);
        Assert.Equal(int.MaxValue, FrameFormat.LengthPrefix(8, maxFrameSize: int.MaxValue).MaxFrameSize);

        foreach (var format in new[] { FrameFormat.LengthPrefix(1, includesPrefix: true), FrameFormat.LengthPrefix(2, includesPrefix: true) })
        {
            await using var pair = Pairs.Memory();
            await new FrameWriter(pair.First, format).WriteAsync(new byte[format.MaxFrameSize]);
            Assert.Equal(format.MaxFrameSize, (await new FrameReader(pair.Second, format).ReadAsync())?.Length);
        }
    }

    [Fact]
    public void A_format_that_makes_no_sense_is_refused()
    {
        foreach (var size in new[] { -1, 0, 3, 5, 16 })
        {
            Assert.Equal("size", Assert.Throws<ArgumentOutOfRangeException>(() => FrameFormat.LengthPrefix(size)).ParamName);
        }

        Assert.Equal("maxFrameSize", Assert.Throws<ArgumentOutOfRangeException>(() => FrameFormat.LengthPrefix(maxFrameSize: -1)).ParamName);
        Assert.Equal("maxFrameSize", Assert.Throws<ArgumentOutOfRangeException>(() => FrameFormat.VarintPrefix(-1)).ParamName);
        Assert.Equal("maxFrameSize", Assert.Throws<ArgumentOutOfRangeException>(() => FrameFormat.Delimiter("\n"u8, -1)).ParamName);
        Assert.Equal("delimiter", Assert.Throws<ArgumentException>(() => FrameFormat.Delimiter([])).ParamName);
        Assert.Equal("delimiter", Assert.Throws<ArgumentException>(() => FrameFormat.Delimiter(new byte[65])).ParamName);
        Assert.Equal("maxHeaderSize", Assert.Throws<ArgumentOutOfRangeException>(() => new OddFormat(0, 0, 0)).ParamName);
        Assert.Equal("maxHeaderSize", Assert.Throws<ArgumentOutOfRangeException>(() => new OddFormat(65, 0, 0)).ParamName);
    }

    [Theory]
    [InlineData("varint", new byte[] { 0x80, 0x00 }, 0)] // longer than need be, as protobuf takes it
    [InlineData("varint", new byte[] { 0x82, 0x80, 0x80, 0x80, 0x00, 7, 7 }, 2)]
    [InlineData("8 big", new byte[] { 0, 0, 0, 0, 0, 0, 0, 1, 7 }, 1)]
    public async Task A_strange_header_is_understood(string name, byte[] bytes, int length) =>
        Assert.Equal(length, (await Reader(name, bytes).ReadAsync())?.Length);

    [Theory]
    [InlineData("varint", new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }, "longer than 5 bytes")]
    [InlineData("varint", new byte[] { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 }, "longer than 5 bytes")]
    [InlineData("varint", new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0x7F }, "34359738367 bytes is over the limit of 1000 (FrameFormat.MaxFrameSize)")]
    [InlineData("2 little", new byte[] { 0xE9, 0x03 }, "1001 bytes is over the limit of 1000 (FrameFormat.MaxFrameSize)")]
    [InlineData("4 big", new byte[] { 0xFF, 0xFF, 0xFF, 0xFF }, "4294967295 bytes is over the limit of 1000 (FrameFormat.MaxFrameSize)")]
    [InlineData("4 big, all counted", new byte[] { 0, 0, 0, 3 }, "less than that of its prefix")]
    [InlineData("8 big", new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE }, "18446744073709551614 bytes is over the limit")]
    [InlineData("8 little", new byte[] { 0, 0, 0, 0, 0, 0, 0, 0x80 }, "9223372036854775808 bytes is over the limit")]
    [InlineData("8 little, all counted", new byte[] { 7, 0, 0, 0, 0, 0, 0, 0 }, "less than that of its prefix")]
    [InlineData("typed", new byte[] { (byte)'a', 0, 0, 0, 9 }, "no such type")]
    public async Task A_header_that_breaks_the_format_fails_the_reader_for_good_and_says_why(string name, byte[] bytes, string reason)
    {
        // As it is, and with each byte in a segment of its own.
        foreach (var sequence in new[] { new ReadOnlySequence<byte>(bytes), Sequences.Cut(bytes, bytes.Length) })
        {
            using var reader = new FrameReader(PipeReader.Create(sequence), FrameCases.Format(name, 1000));
            for (var i = 0; i < 3; i++)
            {
                var exception = await Assert.ThrowsAsync<ConnectionException>(() => reader.ReadAsync().AsTask());
                Assert.Equal((ConnectionError.ProtocolViolation, "read"), (exception.Error, exception.Operation));
                Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
                Fails.AssertWellFormed(exception);
            }
        }
    }

    [Theory]
    [InlineData("line feed")]
    [InlineData("line end")]
    public async Task A_delimiter_that_never_comes_is_waited_for_no_longer_than_the_limit(string name)
    {
        await using var pair = Pairs.Memory();
        using var reader = new FrameReader(pair.Second, FrameCases.Format(name, 1000));
        var read = reader.ReadAsync().AsTask();
        await pair.First.WriteAsync(new byte[1000]);
        await Waiting.StillWaits(read);
        await pair.First.WriteAsync(new byte[2]);
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => read);
        Assert.Equal(ConnectionError.ProtocolViolation, exception.Error);
        Assert.Contains("within the limit of 1000 bytes (FrameFormat.MaxFrameSize)", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(FrameCases.All), MemberType = typeof(FrameCases))]
    public async Task A_frame_as_large_as_the_limit_passes_and_one_larger_by_a_byte_does_not(string name)
    {
        var frame = FrameCases.Fit(name, Payload.Random(200));
        foreach (var sequence in Wires(name, frame))
        {
            using var reader = new FrameReader(PipeReader.Create(sequence), FrameCases.Format(name, frame.Length));
            Assert.Equal(frame, (await reader.ReadAsync())!.Value.ToArray());
            Assert.Null(await reader.ReadAsync());

            using var strict = new FrameReader(PipeReader.Create(sequence), FrameCases.Format(name, frame.Length - 1));
            var exception = await Assert.ThrowsAsync<ConnectionException>(() => strict.ReadAsync().AsTask());
            Assert.Equal(ConnectionError.ProtocolViolation, exception.Error);
        }
    }

    [Theory]
    [InlineData(-1, 10)]
    [InlineData(3, 10)] // more than has come
    [InlineData(0, 0)] // nothing consumed: a reader that went on would do so for ever
    public async Task A_format_of_ones_own_that_makes_no_sense_is_told_so(int header, long frame)
    {
        using var reader = new FrameReader(PipeReader.Create(new ReadOnlySequence<byte>(new byte[2])), new OddFormat(2, header, frame));
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => reader.ReadAsync().AsTask());
        Assert.Contains(nameof(OddFormat), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_negative_length_from_a_format_of_ones_own_is_the_peers_fault()
    {
        using var reader = new FrameReader(PipeReader.Create(new ReadOnlySequence<byte>(new byte[2])), new OddFormat(2, 1, -1));
        var exception = await Assert.ThrowsAsync<ConnectionException>(() => reader.ReadAsync().AsTask());
        Assert.Contains("negative: -1", exception.Message, StringComparison.Ordinal);
    }

    private static ReadOnlySequence<byte>[] Wires(string name, byte[] frame)
    {
        var wire = FrameCases.OnTheWire(name, frame);
        return [new ReadOnlySequence<byte>(wire), Sequences.Cut(wire, 3), Sequences.Cut(wire, wire.Length)];
    }

    private static FrameReader Reader(string name, byte[] bytes) => new(PipeReader.Create(new ReadOnlySequence<byte>(bytes)), FrameCases.Format(name));

    private sealed class OddFormat(int maxHeaderSize, int header, long frame) : HeaderFrameFormat(maxHeaderSize)
    {
        protected override bool TryReadHeader(ReadOnlySpan<byte> bytes, out int headerLength, out long frameLength)
        {
            (headerLength, frameLength) = (header, frame);
            return true;
        }

        protected override int WriteHeader(Span<byte> destination, int frameLength) => 0;
    }
}
