using System.Collections.Concurrent;

namespace NetKit.Tests.Stress;

/// <summary>Lends buffers, and sees whether anybody writes into one that has been given back.</summary>
internal static class Buffers
{
    private const byte Untouched = 0xEE;

    private static readonly int[] s_sizes = [256, 4 * 1024, 32 * 1024, Pattern.MostAtOnce];
    private static readonly ConcurrentBag<byte[]>[] s_free = [.. s_sizes.Select(static _ => new ConcurrentBag<byte[]>())];

    /// <summary>Lends one of that length at the least.</summary>
    public static byte[] Rent(int length)
    {
        var index = Array.FindIndex(s_sizes, size => size >= length);
        if (!s_free[index].TryTake(out var buffer))
        {
            buffer = new byte[s_sizes[index]];
            Array.Fill(buffer, Untouched);
        }
        else if (buffer.AsSpan().ContainsAnyExcept(Untouched))
        {
            Findings.Report($"Somebody has written into a buffer of {buffer.Length} bytes, at {buffer.AsSpan().IndexOfAnyExcept(Untouched)}, after the operation had ended.");
            Array.Fill(buffer, Untouched);
        }

        return buffer;
    }

    /// <summary>Takes back one whose operation has ended, and which was used up to a length.</summary>
    public static void Return(byte[] buffer, int used)
    {
        buffer.AsSpan(0, used).Fill(Untouched);
        s_free[Array.IndexOf(s_sizes, buffer.Length)].Add(buffer);
    }
}
