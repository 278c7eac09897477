namespace NetKit.Tests;

/// <summary>Bytes to send, the same in every run.</summary>
internal static class Payload
{
    private static readonly Lazy<byte[]> s_large = new(() => Random(64 << 20));

    /// <summary>64 MB: more than any transport here takes from a writer whose peer does not read.</summary>
    public static ReadOnlyMemory<byte> Large => s_large.Value;

    public static byte[] Random(int length, int seed = 1)
    {
        var bytes = new byte[length];
#pragma warning disable CA5394 // Not a secret: a pattern that is the same in every run.
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }

    /// <summary>Many bytes of one value.</summary>
    public static byte[] Of(byte value, int length)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
