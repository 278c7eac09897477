using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NetKit.Samples;

/// <summary>Makes the frames that a client sends: whole, and masked. RFC 6455, sections 5.2 and 5.3.</summary>
internal static class ClientFrame
{
    public const int MaxHeader = 14;

    private const byte Final = 0x80;
    private const byte Masked = 0x80;
    private const int MaskLength = 4;

    public static byte[] Make(WebSocketOpcode opcode, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[MaxHeader + payload.Length];
        return frame[..Write(frame, opcode, payload)];
    }

    /// <summary>Writes a frame, and returns its length.</summary>
    /// <param name="destination">Room for <see cref="MaxHeader"/> bytes and the payload.</param>
    /// <param name="opcode">What it is.</param>
    /// <param name="payload">What it carries.</param>
    public static int Write(Span<byte> destination, WebSocketOpcode opcode, ReadOnlySpan<byte> payload)
    {
        destination[0] = (byte)(Final | (byte)opcode);
        var header = 2;
        if (payload.Length <= 125)
        {
            destination[1] = (byte)(Masked | payload.Length);
        }
        else if (payload.Length <= ushort.MaxValue)
        {
            destination[1] = Masked | 126;
            BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)payload.Length);
            header += sizeof(ushort);
        }
        else
        {
            destination[1] = Masked | 127;
            BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)payload.Length);
            header += sizeof(ulong);
        }

        var mask = destination.Slice(header, MaskLength);
        RandomNumberGenerator.Fill(mask);
        var masked = destination[(header + MaskLength)..];
        for (var i = 0; i < payload.Length; i++)
        {
            masked[i] = (byte)(payload[i] ^ mask[i % MaskLength]);
        }

        return header + MaskLength + payload.Length;
    }
}
