using System.Buffers.Binary;

namespace NetKit.Tests.Framing;

/// <summary>Every format, and what its frames look like on the wire, written down once more and by hand.</summary>
internal static class FrameCases
{
    public static readonly string[] Names =
    [
        "1", "2 big", "2 little", "4 big", "4 little", "4 big, all counted", "8 big", "8 little", "8 little, all counted",
        "varint", "line feed", "line end", "overlapping", "typed",
    ];

    public static TheoryData<string> All => [.. Names];

    public static FrameFormat Format(string name, int maxFrameSize = FrameFormat.DefaultMaxFrameSize) => name switch
    {
        "1" => FrameFormat.LengthPrefix(1, maxFrameSize: maxFrameSize),
        "2 big" => FrameFormat.LengthPrefix(2, maxFrameSize: maxFrameSize),
        "2 little" => FrameFormat.LengthPrefix(2, littleEndian: true, maxFrameSize: maxFrameSize),
        "4 big" => FrameFormat.LengthPrefix(maxFrameSize: maxFrameSize),
        "4 little" => FrameFormat.LengthPrefix(4, littleEndian: true, maxFrameSize: maxFrameSize),
        "4 big, all counted" => FrameFormat.LengthPrefix(4, includesPrefix: true, maxFrameSize: maxFrameSize),
        "8 big" => FrameFormat.LengthPrefix(8, maxFrameSize: maxFrameSize),
        "8 little" => FrameFormat.LengthPrefix(8, littleEndian: true, maxFrameSize: maxFrameSize),
        "8 little, all counted" => FrameFormat.LengthPrefix(8, littleEndian: true, includesPrefix: true, maxFrameSize: maxFrameSize),
        "varint" => FrameFormat.VarintPrefix(maxFrameSize),
        "line feed" => FrameFormat.Delimiter("\n"u8, maxFrameSize),
        "line end" => FrameFormat.Delimiter("\r\n"u8, maxFrameSize),
        "overlapping" => FrameFormat.Delimiter("aba"u8, maxFrameSize),
        _ => new TypedFormat(maxFrameSize),
    };

    /// <summary>Makes a frame that the format can carry of any bytes.</summary>
    public static byte[] Fit(string name, ReadOnlySpan<byte> bytes)
    {
        switch (name)
        {
            case "1":
                return bytes[..Math.Min(bytes.Length, byte.MaxValue)].ToArray();
            case "line feed":
            case "line end":
                return Replaced(bytes, (byte)'\n');
            case "overlapping":
                return Replaced(bytes, (byte)'b');
            case "typed":
                var frame = new byte[5 + bytes.Length];
                frame[0] = (byte)'Q';
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length);
                bytes.CopyTo(frame.AsSpan(5));
                return frame;
            default:
                return bytes.ToArray();
        }
    }

    /// <summary>What goes over the wire for a frame.</summary>
    public static byte[] OnTheWire(string name, byte[] frame)
    {
        var length = frame.Length;
        return name switch
        {
            "1" => [(byte)length, .. frame],
            "2 big" => [.. Low(length, 2).Reverse(), .. frame],
            "2 little" => [.. Low(length, 2), .. frame],
            "4 big" => [.. Low(length, 4).Reverse(), .. frame],
            "4 little" => [.. Low(length, 4), .. frame],
            "4 big, all counted" => [.. Low(length + 4, 4).Reverse(), .. frame],
            "8 big" => [.. Low(length, 8).Reverse(), .. frame],
            "8 little" => [.. Low(length, 8), .. frame],
            "8 little, all counted" => [.. Low(length + 8, 8), .. frame],
            "varint" => [.. Varint(length), .. frame],
            "line feed" => [.. frame, (byte)'\n'],
            "line end" => [.. frame, (byte)'\r', (byte)'\n'],
            "overlapping" => [.. frame, .. "aba"u8],
            _ => frame,
        };
    }

    private static IEnumerable<byte> Low(long value, int count) =>
        Enumerable.Range(0, count).Select(index => (byte)(value >> (8 * index)));

    private static IEnumerable<byte> Varint(int value)
    {
        for (; value > 127; value /= 128)
        {
            yield return (byte)((value % 128) + 128);
        }

        yield return (byte)value;
    }

    private static byte[] Replaced(ReadOnlySpan<byte> bytes, byte unwanted)
    {
        var frame = bytes.ToArray();
        frame.AsSpan().Replace(unwanted, (byte)'x');
        return frame;
    }
}
