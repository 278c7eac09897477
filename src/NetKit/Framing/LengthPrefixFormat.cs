using System.Buffers.Binary;

namespace NetKit;

/// <summary>Frames by an unsigned length of a fixed size.</summary>
internal sealed class LengthPrefixFormat : HeaderFrameFormat
{
    private readonly int _size;
    private readonly bool _littleEndian;
    private readonly int _counted; // how many bytes beyond the frame the length counts

    public LengthPrefixFormat(int size, bool littleEndian, bool includesPrefix, int maxFrameSize)
        : base(Valid(size), Math.Min(maxFrameSize, Largest(size) - (includesPrefix ? size : 0)))
    {
        _size = size;
        _littleEndian = littleEndian;
        _counted = includesPrefix ? size : 0;
    }

    protected override bool TryReadHeader(ReadOnlySpan<byte> bytes, out int headerLength, out long frameLength)
    {
        headerLength = _size;
        frameLength = 0;
        if (bytes.Length < _size)
        {
            return false;
        }

        var length = Read(bytes);
        if (length < (ulong)_counted)
        {
            throw new InvalidDataException($"the length of a frame, {length}, is less than that of its prefix, which it counts");
        }

        length -= (ulong)_counted;
        if (length > long.MaxValue)
        {
            throw new InvalidDataException(TooLarge(length));
        }

        frameLength = (long)length;
        return true;
    }

    protected override int WriteHeader(Span<byte> destination, int frameLength)
    {
        var length = (ulong)frameLength + (ulong)_counted;
        switch (_size, _littleEndian)
        {
            case (1, _):
                destination[0] = (byte)length;
                break;
            case (2, true):
                BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)length);
                break;
            case (2, false):
                BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)length);
                break;
            case (4, true):
                BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)length);
                break;
            case (4, false):
                BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)length);
                break;
            case (_, true):
                BinaryPrimitives.WriteUInt64LittleEndian(destination, length);
                break;
            default:
                BinaryPrimitives.WriteUInt64BigEndian(destination, length);
                break;
        }

        return _size;
    }

    private ulong Read(ReadOnlySpan<byte> bytes) => (_size, _littleEndian) switch
    {
        (1, _) => bytes[0],
        (2, true) => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        (2, false) => BinaryPrimitives.ReadUInt16BigEndian(bytes),
        (4, true) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        (4, false) => BinaryPrimitives.ReadUInt32BigEndian(bytes),
        (_, true) => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
    };

    private static int Valid(int size) => size is 1 or 2 or 4 or 8
        ? size
        : throw new ArgumentOutOfRangeException(nameof(size), size, "The prefix has 1, 2, 4 or 8 bytes.");

    private static int Largest(int size) => size switch
    {
        1 => byte.MaxValue,
        2 => ushort.MaxValue,
        _ => int.MaxValue,
    };
}
