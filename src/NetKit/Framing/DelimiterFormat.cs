using System.Buffers;

namespace NetKit;

/// <summary>Frames by what comes after each.</summary>
internal sealed class DelimiterFormat : FrameFormat
{
    private readonly byte[] _delimiter;

    public DelimiterFormat(ReadOnlySpan<byte> delimiter, int maxFrameSize)
        : base(maxFrameSize)
    {
        if (delimiter.Length is 0 or > MostOverhead)
        {
            throw new ArgumentException($"A delimiter has 1 to {MostOverhead} bytes.", nameof(delimiter));
        }

        _delimiter = delimiter.ToArray();
    }

    internal override int HeaderRoom => 0;

    internal override ReadOnlyMemory<byte> Trailer => _delimiter;

    internal override int Write(Span<byte> header, int frameLength) => 0;

    internal override void Check(in ReadOnlySequence<byte> frame)
    {
        base.Check(frame);
        if (IndexIn(frame) >= 0 || OverlapsEndOf(frame))
        {
            throw new ArgumentException("The frame contains the delimiter, so the peer would take it for several.", nameof(frame));
        }
    }

    // The progress is how many bytes have been searched in vain.
    internal override bool TryFind(in ReadOnlySequence<byte> bytes, ref long progress, out FramePlace place)
    {
        var index = progress + IndexIn(progress == 0 ? bytes : bytes.Slice(progress));
        if (index >= progress && index <= MaxFrameSize)
        {
            place = new FramePlace(Before: 0, (int)index, _delimiter.Length);
            return true;
        }

        // A delimiter that is still coming may have begun already.
        place = default;
        progress = Math.Max(progress, bytes.Length - _delimiter.Length + 1);
        return progress > MaxFrameSize
            ? throw new InvalidDataException($"no delimiter came within the limit of {MaxFrameSize} bytes ({nameof(FrameFormat)}.{nameof(MaxFrameSize)})")
            : false;
    }

    private long IndexIn(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
        {
            return bytes.FirstSpan.IndexOf(_delimiter);
        }

        var reader = new SequenceReader<byte>(bytes);
        return reader.TryReadTo(out ReadOnlySequence<byte> before, _delimiter, advancePastDelimiter: false) ? before.Length : -1;
    }

    /// <summary>Tells whether the end of the frame and the beginning of the delimiter make a delimiter together.</summary>
    private bool OverlapsEndOf(in ReadOnlySequence<byte> frame)
    {
        var shorter = _delimiter.Length - 1;
        var end = frame.Slice(Math.Max(0, frame.Length - shorter));
        Span<byte> together = stackalloc byte[2 * MostOverhead];
        end.CopyTo(together);
        _delimiter.AsSpan(0, shorter).CopyTo(together[(int)end.Length..]);
        return together[..((int)end.Length + shorter)].IndexOf(_delimiter) >= 0;
    }
}
