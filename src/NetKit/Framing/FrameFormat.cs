using System.Buffers;

namespace NetKit;

/// <summary>Tells where a frame (a message) ends in a stream of bytes: by a length before it, or by a delimiter after it.</summary>
/// <remarks>
/// <para>For <see cref="FrameReader"/> and <see cref="FrameWriter"/>. For a header of your own, derive from
/// <see cref="HeaderFrameFormat"/>. A frame may be empty.</para>
/// <para>Immutable, and without a state of its own: one format serves any number of connections at once.</para>
/// </remarks>
public abstract class FrameFormat
{
    /// <summary>The largest frame, in bytes, where no other limit is given: 1 MB.</summary>
    public const int DefaultMaxFrameSize = 1024 * 1024;

    /// <summary>The longest header or delimiter, in bytes: one that is not in a row in memory is looked at in a copy on the stack.</summary>
    internal const int MostOverhead = 64;

    private protected FrameFormat(int maxFrameSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxFrameSize);
        MaxFrameSize = maxFrameSize;
    }

    /// <summary>Bounds a frame, in bytes, without what frames it. Default: <see cref="DefaultMaxFrameSize"/>, or what the prefix can say if that is less.</summary>
    /// <remarks>
    /// A reader fails on a larger one before it has waited for any of it, and a writer refuses it. Memory follows what has
    /// come, not what was announced: a peer that announces much and sends little costs little.
    /// </remarks>
    public int MaxFrameSize { get; }

    /// <summary>The most bytes that go before a frame.</summary>
    internal abstract int HeaderRoom { get; }

    /// <summary>What goes after each frame.</summary>
    internal virtual ReadOnlyMemory<byte> Trailer => default;

    /// <summary>Makes the format in which each frame is preceded by its length, as an unsigned number of a fixed size.</summary>
    /// <param name="size">The size of the prefix in bytes: 1, 2, 4 or 8. Default: 4.</param>
    /// <param name="littleEndian">Whether the prefix has its low byte first. Default: the high byte first, as usual in networks.</param>
    /// <param name="includesPrefix">Whether the length counts the prefix too. Default: the frame alone.</param>
    /// <param name="maxFrameSize">The largest frame in bytes, without the prefix.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such size, or the largest frame is negative.</exception>
    public static FrameFormat LengthPrefix(
        int size = 4, bool littleEndian = false, bool includesPrefix = false, int maxFrameSize = DefaultMaxFrameSize) =>
        new LengthPrefixFormat(size, littleEndian, includesPrefix, maxFrameSize);

    /// <summary>Makes the format in which each frame is preceded by its length as a varint, as protobuf's delimited messages are (LEB128).</summary>
    /// <param name="maxFrameSize">The largest frame in bytes, without the prefix.</param>
    /// <remarks>
    /// A length takes one byte for each 7 bits, low ones first. One that is longer than it need be is understood, but not
    /// beyond 5 bytes.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The largest frame is negative.</exception>
    public static FrameFormat VarintPrefix(int maxFrameSize = DefaultMaxFrameSize) => new VarintPrefixFormat(maxFrameSize);

    /// <summary>Makes the format in which each frame ends with a delimiter, such as <c>"\n"u8</c> or <c>"\r\n"u8</c>.</summary>
    /// <param name="delimiter">The delimiter: 1 to 64 bytes. It is not part of the frame, and no frame can contain it.</param>
    /// <param name="maxFrameSize">The largest frame in bytes, without the delimiter.</param>
    /// <remarks>What the peer sends last must end with the delimiter too, or else it is a frame cut short.</remarks>
    /// <exception cref="ArgumentException">The delimiter is empty or too long.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The largest frame is negative.</exception>
    public static FrameFormat Delimiter(ReadOnlySpan<byte> delimiter, int maxFrameSize = DefaultMaxFrameSize) =>
        new DelimiterFormat(delimiter, maxFrameSize);

    /// <summary>Finds the frame at the beginning of what has come; false when more must come first.</summary>
    /// <param name="bytes">What has come, from the beginning of the frame on.</param>
    /// <param name="progress">What the format wants to know again when more of the same frame has come. 0 for a new one.</param>
    /// <param name="place">Where the frame lies.</param>
    /// <exception cref="InvalidDataException">The peer broke the format.</exception>
    internal abstract bool TryFind(in ReadOnlySequence<byte> bytes, ref long progress, out FramePlace place);

    /// <summary>Writes what goes before a frame, and returns the length of that.</summary>
    internal abstract int Write(Span<byte> header, int frameLength);

    /// <summary>Throws for a frame that the format cannot carry.</summary>
    internal virtual void Check(in ReadOnlySequence<byte> frame)
    {
        if (frame.Length > MaxFrameSize)
        {
            throw new ArgumentException(TooLarge((ulong)frame.Length), nameof(frame));
        }
    }

    /// <summary>The sentence for a frame beyond the limit.</summary>
    private protected string TooLarge(ulong size) => $"a frame of {size} bytes is over the limit of {MaxFrameSize} ({nameof(FrameFormat)}.{nameof(MaxFrameSize)})";
}
