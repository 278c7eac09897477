using System.Numerics;

namespace NetKit.Tests.Framing;

/// <summary>Takes a stream apart in the plainest way, all of it at once, sharing nothing with the library.</summary>
internal static class NaiveFrames
{
    public static (List<byte[]> Frames, bool IsCleanEnd) Of(string name, byte[] wire, int maxFrameSize)
    {
        var frames = new List<byte[]>();
        var rest = wire.AsSpan();
        while (rest.Length > 0)
        {
            if (Next(name, rest) is not { } next || next.Length > (name == "1" ? Math.Min(maxFrameSize, 255) : maxFrameSize) || next.Length < 0
                || next.Before + next.Length + next.After > rest.Length)
            {
                return (frames, false);
            }

            frames.Add(rest.Slice(next.Before, (int)next.Length).ToArray());
            rest = rest[(next.Before + (int)next.Length + next.After)..];
        }

        return (frames, true);
    }

    private static (int Before, BigInteger Length, int After)? Next(string name, Span<byte> rest)
    {
        switch (name)
        {
            case "line feed":
                return Until(rest, "\n"u8);
            case "line end":
                return Until(rest, "\r\n"u8);
            case "overlapping":
                return Until(rest, "aba"u8);
            case "varint":
                return Varint(rest);
            case "typed":
                return rest.Length < 5 || rest[0] is < 65 or > 90 || Number(rest[1..5], "big") < 5 ? null : (0, Number(rest[1..5], "big"), 0);
        }

        var size = name[0] - '0';
        if (rest.Length < size)
        {
            return null;
        }

        return (size, Number(rest[..size], name) - (name.EndsWith("all counted", StringComparison.Ordinal) ? size : 0), 0);
    }

    private static (int, BigInteger, int)? Until(Span<byte> rest, ReadOnlySpan<byte> delimiter)
    {
        var index = rest.IndexOf(delimiter);
        return index < 0 ? null : (0, index, delimiter.Length);
    }

    private static (int, BigInteger, int)? Varint(Span<byte> rest)
    {
        var length = BigInteger.Zero;
        for (var i = 0; i < 5 && i < rest.Length; i++)
        {
            length += (rest[i] % 128) * BigInteger.Pow(128, i);
            if (rest[i] < 128)
            {
                return (i + 1, length, 0);
            }
        }

        return null;
    }

    private static BigInteger Number(Span<byte> bytes, string name) =>
        new(bytes, isUnsigned: true, isBigEndian: !name.Contains("little", StringComparison.Ordinal));
}
