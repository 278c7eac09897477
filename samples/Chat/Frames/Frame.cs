using System.Buffers.Binary;

namespace NetKit.Samples;

/// <summary>What a server's frames look like. RFC 6455, section 5.2: without a mask.</summary>
internal static class Frame
{
    private const byte FinalText = 0x81;
    private const byte FinalPing = 0x89;
    private const byte OpcodeBits = 0x0F;
    private const byte Goodbye = 0x8;
    private const byte LengthInTwoBytes = 126;
    private const byte LengthInEightBytes = 127;

    /// <summary>An empty ping, which the client has to answer.</summary>
    public static readonly ReadOnlyMemory<byte> Ping = new byte[] { FinalPing, 0 };

    /// <summary>Frames a text, which is UTF-8.</summary>
    public static byte[] Text(ReadOnlySpan<byte> text)
    {
        Span<byte> head = stackalloc byte[2 + sizeof(ulong)];
        head[0] = FinalText;
        if (text.Length < LengthInTwoBytes)
        {
            head[1] = (byte)text.Length;
            head = head[..2];
        }
        else if (text.Length <= ushort.MaxValue)
        {
            head[1] = LengthInTwoBytes;
            BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)text.Length);
            head = head[..(2 + sizeof(ushort))];
        }
        else
        {
            head[1] = LengthInEightBytes;
            BinaryPrimitives.WriteUInt64BigEndian(head[2..], (ulong)text.Length);
        }

        return [.. head, .. text];
    }

    /// <summary>Tells whether a frame says goodbye.</summary>
    public static bool IsGoodbye(ReadOnlySpan<byte> frame) => (frame[0] & OpcodeBits) == Goodbye;
}
