using System.Buffers.Binary;

namespace NetKit.Tests.Framing;

/// <summary>A header as many protocols have it: a type, then a length that counts all. The type is part of the frame.</summary>
internal sealed class TypedFormat(int maxFrameSize = FrameFormat.DefaultMaxFrameSize) : HeaderFrameFormat(HeaderSize, maxFrameSize)
{
    private const int HeaderSize = 5;

    protected override bool TryReadHeader(ReadOnlySpan<byte> bytes, out int headerLength, out long frameLength)
    {
        (headerLength, frameLength) = (0, 0);
        if (bytes.Length < HeaderSize)
        {
            return false;
        }

        frameLength = BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
        return bytes[0] is >= (byte)'A' and <= (byte)'Z' && frameLength >= HeaderSize
            ? true
            : throw new InvalidDataException("no such type");
    }

    protected override int WriteHeader(Span<byte> destination, int frameLength) => 0;
}
