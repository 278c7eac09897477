namespace NetKit;

/// <summary>Frames by a length of 7 bits a byte, low ones first; the high bit says that another byte follows.</summary>
internal sealed class VarintPrefixFormat : HeaderFrameFormat
{
    private const int LongestPrefix = 5; // of a length in 32 bits

    public VarintPrefixFormat(int maxFrameSize)
        : base(LongestPrefix, maxFrameSize)
    {
    }

    protected override bool TryReadHeader(ReadOnlySpan<byte> bytes, out int headerLength, out long frameLength)
    {
        frameLength = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            frameLength |= (long)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                headerLength = i + 1;
                return true;
            }
        }

        headerLength = 0;
        return false;
    }

    protected override int WriteHeader(Span<byte> destination, int frameLength)
    {
        var count = 0;
        var rest = (uint)frameLength;
        while (rest >= 0x80)
        {
            destination[count++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        destination[count++] = (byte)rest;
        return count;
    }
}
