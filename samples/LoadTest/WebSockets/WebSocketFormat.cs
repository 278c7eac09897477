using System.Buffers.Binary;

namespace NetKit.Samples;

/// <summary>The frames of a WebSocket that a server sends, each given with its header. RFC 6455, section 5.2.</summary>
internal sealed class WebSocketFormat() : HeaderFrameFormat(MaxHeader, MostAtOnce)
{
    public static readonly WebSocketFormat Instance = new();

    private const int MaxHeader = 10; // no mask: only clients mask
    private const int MostAtOnce = 64 * 1024 * 1024;
    private const byte Reserved = 0x70;
    private const byte Masked = 0x80;
    private const byte TwoByteLength = 126;
    private const byte EightByteLength = 127;

    protected override bool TryReadHeader(ReadOnlySpan<byte> bytes, out int headerLength, out long frameLength)
    {
        headerLength = 0; // it is part of the frame
        frameLength = 0;
        if (bytes.Length < 2)
        {
            return false;
        }

        if ((bytes[0] & Reserved) != 0 || (bytes[1] & Masked) != 0)
        {
            throw new InvalidDataException("the server sent a frame that is masked, or of an extension that was not agreed on");
        }

        var header = HeaderLength(bytes[1]);
        if (bytes.Length < header)
        {
            return false;
        }

        frameLength = header + bytes[1] switch
        {
            TwoByteLength => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            EightByteLength => (long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]), long.MaxValue - MaxHeader),
            var length => length,
        };
        return true;
    }

    protected override int WriteHeader(Span<byte> destination, int frameLength) => 0;

    /// <summary>Tells how long a header is by its second byte.</summary>
    public static int HeaderLength(byte second) => second switch { TwoByteLength => 4, EightByteLength => 10, _ => 2 };
}
