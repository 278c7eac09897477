using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace NetKit;

/// <summary>Frames by a header that says how long the frame is. Derive from it for a header of your own.</summary>
/// <remarks>
/// A header that says more than the length, such as a type, can be made part of the frame: let <see cref="TryReadHeader"/>
/// give a header of length 0 and count its bytes to the frame, and <see cref="WriteHeader"/> write nothing. The reader then
/// gives the header with the frame, and the writer is given both.
/// </remarks>
public abstract class HeaderFrameFormat : FrameFormat
{
    private readonly int _maxHeaderSize;

    /// <summary>Makes a format.</summary>
    /// <param name="maxHeaderSize">How many bytes tell the length of a frame, at the most: 1 to 64.</param>
    /// <param name="maxFrameSize">The largest frame in bytes.</param>
    [SuppressMessage("ApiDesign", "RS0022", Justification = "Only formats with a header can be made by others: the base is closed on purpose.")]
    protected HeaderFrameFormat(int maxHeaderSize, int maxFrameSize = DefaultMaxFrameSize)
        : base(maxFrameSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxHeaderSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxHeaderSize, MostOverhead);
        _maxHeaderSize = maxHeaderSize;
    }

    internal sealed override int HeaderRoom => _maxHeaderSize;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">What has come, at least a byte and at most the size of the largest header. What follows the header may be in it.</param>
    /// <param name="headerLength">How many bytes come before the frame. May be 0, if the header is to be part of the frame.</param>
    /// <param name="frameLength">How long the frame is. Whatever the peer wrote: the limit is kept by the caller.</param>
    /// <returns>False when more bytes are needed. May be asked again with more of the same header.</returns>
    /// <remarks>Keep no state: one format serves many connections at once.</remarks>
    /// <exception cref="InvalidDataException">Throw it when this is no header; the reader fails with its message.</exception>
    protected abstract bool TryReadHeader(ReadOnlySpan<byte> bytes, out int headerLength, out long frameLength);

    /// <summary>Writes a header.</summary>
    /// <param name="destination">Room for the largest header.</param>
    /// <param name="frameLength">How long the frame is.</param>
    /// <returns>How many bytes were written. May be 0, if the header is part of the frame.</returns>
    protected abstract int WriteHeader(Span<byte> destination, int frameLength);

    internal sealed override int Write(Span<byte> header, int frameLength)
    {
        var written = WriteHeader(header[.._maxHeaderSize], frameLength);
        if (written < 0 || written > _maxHeaderSize)
        {
            throw new InvalidOperationException($"{GetType().Name} wrote a header of {written} bytes, and has room for {_maxHeaderSize}.");
        }

        return written;
    }

    // The progress is how many bytes are needed for the next step.
    internal sealed override bool TryFind(in ReadOnlySequence<byte> bytes, ref long progress, out FramePlace place)
    {
        var length = bytes.Length;
        if (length < progress)
        {
            place = default;
            return false;
        }

        var first = bytes.FirstSpan;
        var isPlaced = first.Length >= _maxHeaderSize || first.Length == length
            ? TryPlace(first, out place)
            : TryPlaceAcross(bytes, out place);
        progress = isPlaced ? place.Total : length + 1;
        return length >= progress;
    }

    private bool TryPlaceAcross(in ReadOnlySequence<byte> bytes, out FramePlace place)
    {
        Span<byte> together = stackalloc byte[MostOverhead];
        var header = bytes.Slice(0, Math.Min(bytes.Length, _maxHeaderSize));
        header.CopyTo(together);
        return TryPlace(together[..(int)header.Length], out place);
    }

    private bool TryPlace(ReadOnlySpan<byte> bytes, out FramePlace place)
    {
        bytes = bytes[..Math.Min(bytes.Length, _maxHeaderSize)];
        if (!TryReadHeader(bytes, out var before, out var length))
        {
            place = default;
            return bytes.Length < _maxHeaderSize ? false : throw new InvalidDataException($"the header of a frame is longer than {_maxHeaderSize} bytes");
        }

        if (length < 0)
        {
            throw new InvalidDataException($"the length of a frame is negative: {length}");
        }

        if (length > MaxFrameSize)
        {
            throw new InvalidDataException(TooLarge((ulong)length));
        }

        // No fault of the peer's, and a reader that went on would never end.
        if (before < 0 || before > bytes.Length || before + length == 0)
        {
            throw new InvalidOperationException($"{GetType().Name} read a header of {before} bytes from {bytes.Length} bytes, and a frame of {length}.");
        }

        place = new FramePlace(before, (int)length, After: 0);
        return true;
    }
}
