using System.Buffers.Binary;
using System.Text;

namespace NetKit.Samples;

/// <summary>What instances tell each other. Has the number of the sender's last message, so that who misses some knows how many.</summary>
internal sealed record Envelope(Guid Instance, long Number, EnvelopeKind Kind, string Room, ReadOnlyMemory<byte> Body)
{
    private const int InstanceLength = 16;
    private const int HeadLength = InstanceLength + sizeof(long) + 2;

    public byte[] Encode()
    {
        var room = Encoding.UTF8.GetBytes(Room);
        var bytes = new byte[HeadLength + room.Length + Body.Length];
        Instance.TryWriteBytes(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(InstanceLength), Number);
        bytes[HeadLength - 2] = (byte)Kind;
        bytes[HeadLength - 1] = (byte)room.Length;
        room.CopyTo(bytes.AsSpan(HeadLength));
        Body.Span.CopyTo(bytes.AsSpan(HeadLength + room.Length));
        return bytes;
    }

    /// <summary>Reads what came; null for what no instance sent.</summary>
    public static Envelope? Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < HeadLength || bytes.Length < HeadLength + bytes.Span[HeadLength - 1])
        {
            return null;
        }

        var head = bytes.Span[..HeadLength];
        var body = HeadLength + head[HeadLength - 1];
        return new Envelope(
            new Guid(head[..InstanceLength]),
            BinaryPrimitives.ReadInt64LittleEndian(head[InstanceLength..]),
            (EnvelopeKind)head[HeadLength - 2],
            Encoding.UTF8.GetString(bytes.Span[HeadLength..body]),
            bytes[body..]);
    }
}
